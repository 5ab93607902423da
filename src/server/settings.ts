import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Flag, flags, modelFlags } from './cli/flags.ts';
import { parseArguments } from './cli/parse-arguments.ts';
import { type Command, readCommand } from './commands/command.ts';
import { readLayouts } from './config/layout.ts';
import { readMetricNames } from './config/metrics.ts';
import { type ModelConfig, readBasePath } from './config/model-config.ts';
import { parseJson } from './config/parse-json.ts';
import { readPluginConfig } from './config/plugin-config.ts';
import { readPreprocessing } from './config/preprocessing.ts';
import { Problems } from './config/problems.ts';
import { readReshape } from './config/reshape.ts';
import { readStateful, type StatefulFields } from './config/stateful.ts';
import { readVersionPolicy } from './config/version-policy.ts';
import type { MetricNames } from './model/metric-name.ts';
import type { SecretPaths, TlsPaths } from './source/watch-secrets.ts';

/** All that the server is told from outside. */
export interface Settings {
  /** The config file; or the one model of the command line. */
  readonly models: { readonly configPath: string } | { readonly model: ModelConfig };
  readonly grpc: {
    readonly port: number;
    readonly addresses: readonly string[];
    readonly memoryQuota: number;
    readonly channelArguments: Readonly<Record<string, string | number>>;
  };
  /** For probes; on the addresses of gRPC. Port 0: none. */
  readonly health: { readonly port: number; readonly addresses: readonly string[] };
  /** Port 0: no HTTP. */
  readonly rest: {
    readonly port: number;
    readonly addresses: readonly string[];
    /** What pages of other sites may do. */
    readonly cors: {
      readonly allowCredentials: boolean;
      readonly origins: readonly string[];
      readonly methods: string;
      readonly headers: string;
    };
  };
  /** The metrics that the command line asks for, if it does; a config file may ask as well. */
  readonly metrics: MetricNames | undefined;
  /** Certificates and keys. */
  readonly secrets: SecretPaths;
  readonly engine: {
    readonly kind: 'openvino' | 'openvino-node';
    readonly mostWaiting: number;
    readonly cacheDir: string | undefined;
    readonly cpuExtension: string | undefined;
    readonly libraryDirectory: string | undefined;
    readonly cacheHome: string | undefined;
    /** Threads of Node's pool. */
    readonly poolThreads: number;
  };
  readonly files: {
    readonly mode: 'auto' | 'events' | 'poll';
    readonly pollMs: number;
    readonly settleMs: number;
    readonly completionMarker: string | undefined;
  };
  /** Whether requests may change which models are served. */
  readonly modelControl: boolean;
  /** What a version is run with before it serves. */
  readonly warmUp: 'auto' | 'synthetic' | 'none';
  /** Between two looks for idle sequences of stateful models; 0 for none. */
  readonly idleSequenceMs: number;
  /** How far custom nodes may go. */
  readonly customNodes: {
    readonly timeoutMs: number;
    readonly mebibytes: number;
    /** Of each library. */
    readonly workers: number;
  };
  /** Where copies of what is in object stores are kept. */
  readonly cloud: { readonly cacheDir: string };
  readonly drainMs: number;
  readonly log: { readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error'; readonly file: string | undefined };
  /** Flags that were given and change nothing here. */
  readonly withoutEffect: readonly string[];
  readonly environment: Environment;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export type CommandLine =
  | { readonly kind: 'serve'; readonly settings: Settings }
  | { readonly kind: 'command'; readonly command: Command }
  | { readonly kind: 'help' }
  /** The pipelines of a config file are to be drawn. */
  | { readonly kind: 'graph'; readonly configPath: string }
  | { readonly kind: 'version' }
  | { readonly kind: 'wrong'; readonly problems: readonly string[] };

/** What Node's pool has unless UV_THREADPOOL_SIZE says otherwise. */
const usualPoolThreads = 4;

/** Metrics that nobody could scrape. */
export const missingRestPort =
  'Missing rest_port parameter in server CLI - metrics are served on that port, such as --rest_port 8000';

/** OpenVINO Model Server's place for compiled models. */
const usualCacheDir = '/opt/cache';

function readGraphArguments([configPath, ...rest]: readonly string[]): CommandLine {
  if (configPath !== undefined && rest.length === 0) return { kind: 'graph', configPath };
  return {
    kind: 'wrong',
    problems: ['graph: expected the path of one config file, as in modelserver graph config.json'],
  };
}

/** Below the folder for temporary files, which is everybody's. */
function usualCloudCache(): string {
  return `modelserver-cloud-${process.getuid?.() ?? 'cache'}`;
}

/**
 * Reads the command line and the environment: settings, or everything that is wrong.
 * @param argv what follows the program's name
 */
export function readSettings(argv: readonly string[], environment: Environment, workingDirectory: string): CommandLine {
  if (argv[0] === 'graph') return readGraphArguments(argv.slice(1));
  const { values, problems: wrong } = parseArguments(argv, flags);
  if (values.has('help')) return { kind: 'help' };
  if (values.has('version')) return { kind: 'version' };
  const problems = new Problems();
  problems.all.push(...wrong);
  for (const [name, value] of values) checkValue(flags.get(name)!, value, problems);
  const command = readCommand(values, environment.OVMS_MODEL_REPOSITORY_PATH, problems);
  if (command)
    return problems.all.length > 0 ? { kind: 'wrong', problems: problems.all } : { kind: 'command', command };
  if (values.has('model_repository_path')) {
    problems.say(
      '--model_repository_path',
      'is for --list_models and --add_to_config: serve by --model_path or --config_path',
    );
  }

  const text = (name: string) => values.get(name) ?? flags.get(name)!.default;
  const number = (name: string) => Number(text(name));
  if (number('port') === 0 && number('rest_port') === 0) {
    problems.say(
      '--port',
      'a port to serve on must be given: --port 9000 for gRPC, --rest_port 8000 for HTTP, or both',
    );
  }
  if (number('port') === number('rest_port') && number('port') > 0) {
    problems.say('--rest_port', 'port and rest_port cannot have same values');
  }
  if (number('health_port') > 0 && [number('port'), number('rest_port')].includes(number('health_port'))) {
    problems.say('--health_port', 'must be another port than port and rest_port');
  }
  const settings: Settings = {
    models: readModels(values, workingDirectory, problems),
    grpc: {
      port: number('port'),
      addresses: list(text('grpc_bind_address')!),
      memoryQuota: number('grpc_memory_quota'),
      channelArguments: readChannelArguments(text('grpc_channel_arguments')!, problems),
    },
    health: { port: number('health_port'), addresses: list(text('grpc_bind_address')!) },
    rest: {
      port: number('rest_port'),
      addresses: list(text('rest_bind_address')!),
      cors: {
        allowCredentials: text('allow_credentials') === 'true',
        origins: list(text('allowed_origins')!),
        methods: text('allowed_methods')!,
        headers: text('allowed_headers')!,
      },
    },
    metrics: readMetrics(values, problems),
    secrets: {
      grpc: readTlsPaths('grpc', values, workingDirectory, problems),
      rest: readTlsPaths('rest', values, workingDirectory, problems),
      apiKeys: readApiKeySource(values.get('api_key_file'), environment.API_KEY, workingDirectory, problems),
    },
    engine: {
      kind: text('engine') as Settings['engine']['kind'],
      mostWaiting: number('queue_size'),
      cacheDir: text('cache_dir') || (existsSync(usualCacheDir) ? usualCacheDir : undefined),
      cpuExtension: text('cpu_extension') || undefined,
      libraryDirectory: environment.OPENVINO_LIB_DIR || undefined,
      cacheHome: environment.XDG_CACHE_HOME || undefined,
      poolThreads: Number(environment.UV_THREADPOOL_SIZE) || usualPoolThreads,
    },
    files: {
      mode: text('watch_mode') as Settings['files']['mode'],
      pollMs: number('file_system_poll_wait_seconds') * 1000,
      settleMs: number('settle_milliseconds'),
      completionMarker: text('completion_marker') || undefined,
    },
    modelControl: text('model_control') === 'requests',
    warmUp: text('warmup') as Settings['warmUp'],
    idleSequenceMs: number('sequence_cleaner_poll_wait_minutes') * 60_000,
    customNodes: {
      timeoutMs: number('custom_node_timeout_ms'),
      mebibytes: number('custom_node_memory_mb'),
      workers: number('custom_node_workers'),
    },
    cloud: { cacheDir: resolve(workingDirectory, text('cloud_cache_dir') || join(tmpdir(), usualCloudCache())) },
    drainMs: number('drain_timeout_seconds') * 1000,
    log: { level: logLevels[text('log_level')!] ?? 'info', file: text('log_path') || undefined },
    withoutEffect: [...values.keys()]
      .filter((name) => flags.get(name)!.status === 'no effect')
      .map((name) => `--${name}`),
    environment,
  };
  return problems.all.length > 0 ? { kind: 'wrong', problems: problems.all } : { kind: 'serve', settings };
}

const logLevels: Readonly<Record<string, Settings['log']['level']>> = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARNING: 'warn',
  ERROR: 'error',
};

function checkValue(flag: Flag, value: string, problems: Problems): void {
  const path = `--${flag.name}`;
  if (flag.status === 'later' && value !== flag.default) {
    problems.say(
      path,
      `not supported yet${flag.default === undefined ? '' : `; leave it at ${flag.default || 'nothing'}`}`,
    );
    return;
  }
  if (flag.choices && !flag.choices.includes(value)) problems.add(path, `one of ${flag.choices.join(', ')}`, value);
  if (flag.type === 'boolean' && value !== 'true' && value !== 'false') problems.add(path, 'true or false', value);
  if (flag.type !== 'integer') return;
  const { least = 0, most = Number.MAX_SAFE_INTEGER } = flag;
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (number >= least && number <= most) return;
  const range = flag.most === undefined ? `an integer ≥ ${least}` : `an integer from ${least} to ${most}`;
  problems.add(path, range, value);
}

function readModels(values: ReadonlyMap<string, string>, directory: string, problems: Problems): Settings['models'] {
  const configPath = values.get('config_path');
  if (configPath !== undefined) {
    const excluded = modelFlags.filter((name) => values.has(name)).map((name) => `--${name}`);
    if (excluded.length > 0) {
      problems.say(excluded.join(', '), 'Model parameters in CLI are exclusive with the config file');
    }
    return { configPath: resolve(directory, configPath) };
  }
  const name = values.get('model_name');
  if (!name) problems.say('--model_name', 'must be given, unless --config_path is');
  const basePath = values.has('model_path')
    ? readBasePath(values.get('model_path'), '--model_path', directory, problems)
    : problems.say('--model_path', 'must be given, unless --config_path is');
  const json = (flag: string) => parseJson(values.get(flag) ?? flags.get(flag)!.default!, `--${flag}`, problems);
  const policy = json('model_version_policy');
  const pluginConfig = json('plugin_config');
  const given = { batch_size: values.get('batch_size'), shape: values.get('shape') };
  const layouts = readLayouts(values.get('layout'), '--layout', problems);
  const at = (field: string) => `--${field}`;
  const [mean, scale, color_format, precision] = ['mean', 'scale', 'color_format', 'precision'].map((f) =>
    values.get(f),
  );
  const preprocessing = readPreprocessing({ mean, scale, color_format, precision }, at, problems);
  const { reshape, isAuto, notes } = readReshape(given, at, problems);
  const stateful = readStateful(statefulFields(values), isAuto, at, problems);
  return {
    model: {
      name: name ?? '',
      basePath: basePath ?? '',
      required: true,
      policy: readVersionPolicy(policy ?? { all: {} }, '--model_version_policy', problems),
      labels: new Map(),
      notes,
      options: {
        targetDevice: values.get('target_device') ?? flags.get('target_device')!.default!,
        pluginConfig: readPluginConfig(pluginConfig ?? {}, '--plugin_config', problems),
        inferRequests: Number(values.get('nireq') ?? 0),
        ...(layouts && { layouts }),
        ...(reshape && { reshape }),
        ...(stateful && { stateful }),
        ...(preprocessing && { preprocessing }),
      },
    },
  };
}

/** What is no boolean, or no integer, has been told already, by its flag; and what is at its default goes with any model. */
function statefulFields(values: ReadonlyMap<string, string>): StatefulFields {
  const given = (name: string) => (values.get(name) === flags.get(name)!.default ? undefined : values.get(name));
  const boolean = (name: string) => given(name) && given(name) === 'true';
  const most = given('max_sequence_number');
  return {
    stateful: boolean('stateful'),
    idle_sequence_cleanup: boolean('idle_sequence_cleanup'),
    low_latency_transformation: boolean('low_latency_transformation'),
    max_sequence_number: most && /^\d+$/.test(most) ? Number(most) : undefined,
  };
}

function readMetrics(values: ReadonlyMap<string, string>, problems: Problems): MetricNames | undefined {
  const names = list(values.get('metrics_list') ?? '').filter((name) => name !== '');
  const read = readMetricNames(names, '--metrics_list', problems);
  if (values.get('metrics_enable') !== 'true') {
    if (names.length > 0)
      problems.say('--metrics_list', 'metrics_enable setting is missing, required when metrics_list is provided');
    return undefined;
  }
  if (Number(values.get('rest_port') ?? 0) === 0) problems.say('--metrics_enable', missingRestPort);
  return read;
}

/** Of one interface; a part of them is a mistake that must not end in plain text. */
function readTlsPaths(
  prefix: 'grpc' | 'rest',
  values: ReadonlyMap<string, string>,
  directory: string,
  problems: Problems,
): TlsPaths | undefined {
  const path = (what: string) => {
    const value = values.get(`${prefix}_${what}_path`);
    if (value === '') problems.add(`--${prefix}_${what}_path`, 'a file', value);
    return value && resolve(directory, value);
  };
  const [certificate, key, authorities] = [path('certificate'), path('key'), path('ca')];
  if (certificate && key) return { certificate, key, ...(authorities && { authorities }) };
  if (certificate || key || authorities) {
    problems.say(`--${prefix}_${certificate ? 'key' : 'certificate'}_path`, 'must be given as well, for TLS');
  }
  return undefined;
}

function readApiKeySource(
  file: string | undefined,
  key: string | undefined,
  directory: string,
  problems: Problems,
): SecretPaths['apiKeys'] {
  // A variable that was to be filled in, perhaps: without a file, the server would be open to all.
  if (file === '') problems.add('--api_key_file', 'a file', file);
  if (file) return { path: resolve(directory, file) };
  return key ? { key, source: 'API_KEY' } : undefined;
}

/** The entries of a list as the command line writes it. */
function list(text: string): string[] {
  return text.split(',').map((entry) => entry.trim());
}

function readChannelArguments(text: string, problems: Problems): Record<string, string | number> {
  const read: Record<string, string | number> = {};
  for (const entry of list(text).filter((part) => part !== '')) {
    const [key, value] = entry.split('=', 2).map((part) => part.trim());
    if (!key || !value) problems.add('--grpc_channel_arguments', 'KEY=VALUE,…', entry);
    else read[key] = /^-?\d+$/.test(value) ? Number(value) : value;
  }
  return read;
}
