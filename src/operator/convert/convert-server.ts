import type { Notes } from './notes.ts';
import type { OldFields } from './old-fields.ts';
import { present, unless } from './present.ts';

const longestPoll = 3600;

/** `server`. What was about the inside of the other server is told where it was not at its default. */
export function convertServer(fields: OldFields, notes: Notes): object | undefined {
  const logLevel = fields.text('server_settings.log_level')?.toUpperCase();
  const isLevel = logLevel === undefined || ['TRACE', 'DEBUG', 'INFO', 'WARNING', 'ERROR'].includes(logLevel);
  if (!isLevel)
    notes.todo(
      'server_settings.log_level',
      logLevel,
      'Write server.logLevel by hand: TRACE, DEBUG, INFO, WARNING or ERROR.',
    );
  const inner: [name: string, standards: number[], advice: string][] = [
    ['grpc_workers', [1], 'One process serves a pod here; for more throughput, more replicas or nireq.'],
    ['rest_workers', [0], 'One process serves a pod here, REST and gRPC alike.'],
    [
      'sequence_cleaner_poll_wait_minutes',
      [0, 5],
      'Five minutes here; write --sequence_cleaner_poll_wait_minutes in server.extraArgs for another time.',
    ],
  ];
  for (const [name, standards, advice] of inner) {
    const value = fields.integer(`server_settings.${name}`, 0, 1_000_000);
    if (value !== undefined && !standards.includes(value)) notes.tell(`server_settings.${name}`, value, advice);
  }
  return present({ logLevel: isLevel ? unless(logLevel, 'INFO') : undefined });
}

/** `repository.watch`. */
export function convertWatch(fields: OldFields, notes: Notes): object | undefined {
  const field = 'server_settings.file_system_poll_wait_seconds';
  const seconds = fields.integer(field, 0, Number.MAX_SAFE_INTEGER);
  if (seconds === undefined || seconds === 0) {
    const shown = seconds === undefined ? '0 (the default)' : 0;
    const advice =
      'Changes on the volume were not noticed; here they are, within seconds. Where only Git is to decide, write versionPolicy.specific.';
    notes.tell(field, shown, advice);
    return undefined;
  }
  if (seconds > longestPoll) notes.tell(field, seconds, 'An hour is the longest interval here.');
  return seconds === 1 ? undefined : { pollInterval: `${Math.min(seconds, longestPoll)}s` };
}

/** `service`. */
export function convertService(fields: OldFields, notes: Notes): object | undefined {
  const type = fields.text('service_parameters.service_type');
  const isType = type === undefined || ['ClusterIP', 'NodePort', 'LoadBalancer'].includes(type);
  if (!isType)
    notes.todo(
      'service_parameters.service_type',
      type,
      'Write service.type by hand: ClusterIP, NodePort or LoadBalancer.',
    );
  return present({
    type: isType ? unless(type, 'ClusterIP') : undefined,
    grpcPort: unless(fields.integer('service_parameters.grpc_port', 1, 65_535), 8080),
    restPort: unless(fields.integer('service_parameters.rest_port', 1, 65_535), 8081),
  });
}

/** `observability`. */
export function convertObservability(fields: OldFields, notes: Notes): object | undefined {
  const enabled = fields.boolean('monitoring.metrics_enable');
  const list = fields.text('monitoring.metrics_list', 4096);
  if (list !== undefined) {
    notes.tell(
      'monitoring.metrics_list',
      list,
      'All metrics are there once they are on; Prometheus can drop those that are not wanted.',
    );
  }
  return enabled === undefined ? undefined : { metrics: { enabled } };
}

/** What was about the way to cloud storage. */
export function tellStorage(fields: OldFields, notes: Notes): void {
  fields.value('models_repository.storage_type');
  const unneeded = 'Models are served from volumes here: whoever copies them there needs it, the server does not.';
  const rotate = `${unneeded} It was in plain text: give out a new one.`;
  for (const name of ['aws_secret_access_key', 'aws_access_key_id', 'azure_storage_connection_string']) {
    if (fields.has(`models_repository.${name}`)) notes.secret(`models_repository.${name}`, rotate);
  }
  for (const name of ['aws_region', 's3_compat_api_endpoint', 'gcp_creds_secret_name']) {
    const field = `models_repository.${name}`;
    if (fields.has(field)) notes.todo(field, fields.value(field), unneeded);
  }
  for (const name of ['https_proxy', 'http_proxy', 'no_proxy']) {
    const field = `models_repository.${name}`;
    if (!fields.has(field)) continue;
    notes.tell(
      field,
      fields.value(field),
      'It was for cloud storage; the server calls nobody but a collector of traces.',
    );
  }
}
