import { milliseconds, wholeSeconds } from '../api/duration.ts';
import type { ModelServer } from '../api/model-server.ts';
import { healthPort } from './ports.ts';

/** The folder that the ConfigMap is mounted at: as a whole, for a file mounted by itself would never change. */
export const configFolder = '/etc/modelserver';
export const configFile = 'config.json';

/** The folders that the Secrets with certificates are mounted at, as a whole for the same reason. */
export const tlsFolder = '/etc/modelserver-tls';
export const clientCaFolder = '/etc/modelserver-client-ca';

/** The command line of the server. A change of it makes pods roll. */
export function serverArguments({ server, repository, observability }: ModelServer['spec']): string[] {
  const watch = repository?.watch;
  return [
    `--config_path=${configFolder}/${configFile}`,
    // What is served is the resource's to say: no client may change it.
    '--model_control=none',
    `--port=${server.grpcPort}`,
    `--rest_port=${server.httpPort}`,
    ...securityArguments(server),
    ...(observability.metrics.enabled ? ['--metrics_enable=true'] : []),
    `--log_level=${server.logLevel}`,
    `--drain_timeout_seconds=${wholeSeconds(server.drainTimeout)}`,
    `--queue_size=${server.queueSize}`,
    ...(server.memoryQuota === undefined ? [] : [`--grpc_memory_quota=${bytes(server.memoryQuota)}`]),
    `--grpc_channel_arguments=grpc.max_connection_age_ms=${milliseconds(server.maxConnectionAge)}`,
    ...(watch
      ? [
          `--watch_mode=${watch.mode.toLowerCase()}`,
          `--file_system_poll_wait_seconds=${wholeSeconds(watch.pollInterval)}`,
          `--settle_milliseconds=${milliseconds(watch.settle)}`,
          ...(watch.completionMarker === undefined ? [] : [`--completion_marker=${watch.completionMarker}`]),
        ]
      : []),
    ...(server.extraArgs ?? []),
  ];
}

function securityArguments(server: ModelServer['spec']['server']): string[] {
  const port = healthPort(server);
  const health = port === undefined ? [] : [`--health_port=${port}`];
  if (!server.tls) return health;
  const { clientCASecretName } = server.tls;
  const ofProtocol = (protocol: string) => [
    `--${protocol}_certificate_path=${tlsFolder}/tls.crt`,
    `--${protocol}_key_path=${tlsFolder}/tls.key`,
    ...(clientCASecretName === undefined ? [] : [`--${protocol}_ca_path=${clientCaFolder}/ca.crt`]),
  ];
  return [...health, ...ofProtocol('grpc'), ...ofProtocol('rest')];
}

const factors: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
};

/** Bytes of a quantity as Kubernetes writes them: `512Mi`, `2G`. */
function bytes(quantity: string): number {
  const match = /^(\d+)(k|M|G|Ki|Mi|Gi)?$/.exec(quantity);
  if (!match) throw new Error(`no quantity of bytes: "${quantity}"; write it like 512Mi or 2Gi`);
  return Number(match[1]) * factors[match[2] ?? '']!;
}
