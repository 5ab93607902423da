import { parseArgs } from 'node:util';

/** All that the operator is told from outside. */
export interface Settings {
  /** The namespaces to watch; all if empty. */
  readonly namespaces: readonly string[];
  /** The image of the server where a ModelServer names none. */
  readonly serverImage: string;
  /** Where the operator runs, and its Lease lies. */
  readonly namespace: string;
  /** No two operators may share it. */
  readonly identity: string;
  readonly leaderElection: boolean;
  readonly leaseName: string;
  readonly workers: number;
  readonly metrics: Address;
  readonly probes: Address;
  readonly allowHostPath: boolean;
  readonly patchPods: boolean;
  readonly clusterDomain: string;
  readonly logLevel: LogLevel;
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  /** Requests a second to the API server. */
  readonly requestsPerSecond: number;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

export type CommandLine =
  | { readonly kind: 'run'; readonly settings: Settings }
  | { readonly kind: 'convert'; readonly argv: readonly string[] }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'wrong'; readonly problems: readonly string[] };

type Environment = Readonly<Record<string, string | undefined>>;

interface Flag {
  readonly placeholder: string;
  readonly default: string;
  /** The variable of the environment that is read where the flag is not given. */
  readonly variable?: string;
  readonly help: string;
}

const flags = {
  'watch-namespaces': {
    placeholder: 'LIST',
    default: '',
    variable: 'WATCH_NAMESPACES',
    help: 'namespaces to watch, separated by commas; all if empty',
  },
  'server-image': {
    placeholder: 'IMAGE',
    default: '',
    variable: 'RELATED_IMAGE_SERVER',
    help: 'image of the server where a ModelServer names none',
  },
  namespace: {
    placeholder: 'NAME',
    default: 'modelserver-system',
    variable: 'POD_NAMESPACE',
    help: 'namespace of the operator, where its Lease lies',
  },
  identity: {
    placeholder: 'NAME',
    default: '',
    variable: 'POD_NAME',
    help: 'name of this process in the Lease; the host and a random number if empty',
  },
  'leader-elect': { placeholder: 'BOOL', default: 'true', help: 'act only while this process holds the Lease' },
  'lease-name': { placeholder: 'NAME', default: 'modelserver-operator', help: 'name of the Lease' },
  workers: { placeholder: 'N', default: '8', help: 'ModelServers that are reconciled at a time' },
  'requests-per-second': {
    placeholder: 'N',
    default: '100',
    help: 'requests to the API server, bursts of twice as many',
  },
  'metrics-address': { placeholder: 'HOST:PORT', default: '0.0.0.0:8080', help: 'where /metrics is served' },
  'probe-address': { placeholder: 'HOST:PORT', default: '0.0.0.0:8081', help: 'where /healthz and /readyz are served' },
  'allow-host-path': { placeholder: 'BOOL', default: 'false', help: 'allow repository.hostPath: folders of nodes' },
  'enable-pod-patch': {
    placeholder: 'BOOL',
    default: 'true',
    help: 'annotate pods when their config changes, so that it reaches them within seconds instead of a minute',
  },
  'cluster-domain': { placeholder: 'DOMAIN', default: 'cluster.local', help: "the cluster's DNS domain" },
  'log-level': { placeholder: 'LEVEL', default: 'info', help: 'trace, debug, info, warn or error' },
  kubeconfig: {
    placeholder: 'FILE',
    default: '',
    variable: 'KUBECONFIG',
    help: 'how to reach the API server; as pods do, or ~/.kube/config, if empty',
  },
  context: { placeholder: 'NAME', default: '', help: 'context of the kubeconfig' },
} as const satisfies Readonly<Record<string, Flag>>;

type FlagName = keyof typeof flags;

/**
 * Reads the command line and the environment: settings, or everything that is wrong.
 * @param argv what follows the program's name
 * @param unique a name that no other process has
 */
export function readSettings(argv: readonly string[], environment: Environment, unique: string): CommandLine {
  if (argv[0] === 'convert') return { kind: 'convert', argv: argv.slice(1) };
  const words = argv[0] === 'run' ? argv.slice(1) : argv;
  if (words.includes('--help') || words.includes('-h')) return { kind: 'help' };
  if (words.includes('--version')) return { kind: 'version' };
  const options = Object.fromEntries(Object.keys(flags).map((name) => [name, { type: 'string' as const }]));
  let given: Readonly<Record<string, string | undefined>>;
  try {
    given = parseArgs({ args: [...words], options, strict: true }).values as typeof given;
  } catch (error) {
    return { kind: 'wrong', problems: [(error as Error).message] };
  }
  const problems: string[] = [];
  const text = (name: FlagName) => {
    const flag: Flag = flags[name];
    // A variable that is empty is as good as none.
    return given[name] ?? ((flag.variable && environment[flag.variable]) || flag.default);
  };
  const expect = (name: FlagName, what: string) => {
    problems.push(`--${name}: expected ${what}, got "${text(name)}"`);
  };
  const boolean = (name: FlagName) => {
    if (text(name) !== 'true' && text(name) !== 'false') expect(name, 'true or false');
    return text(name) === 'true';
  };
  const word = (name: FlagName) => {
    if (text(name) === '') expect(name, 'a name');
    return text(name);
  };
  const count = (name: FlagName, most: number) => {
    const number = /^\d+$/.test(text(name)) ? Number(text(name)) : 0;
    if (number < 1 || number > most) expect(name, `a number from 1 to ${most}`);
    return number;
  };
  const address = (name: FlagName): Address => {
    const match = /^(.*):(\d{1,5})$/.exec(text(name));
    if (!match || Number(match[2]) > 65_535) expect(name, 'HOST:PORT, such as 0.0.0.0:8080');
    return { host: match?.[1]?.replace(/^\[(.*)\]$/, '$1') || '0.0.0.0', port: Number(match?.[2] ?? 0) };
  };
  if (text('server-image') === '') {
    problems.push('--server-image: the image of the server must be given, here or as RELATED_IMAGE_SERVER');
  }
  const logLevel = (['trace', 'debug', 'info', 'warn', 'error'] as const).find((level) => level === text('log-level'));
  if (!logLevel) expect('log-level', 'trace, debug, info, warn or error');
  const settings: Settings = {
    namespaces: text('watch-namespaces')
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
    serverImage: text('server-image'),
    namespace: word('namespace'),
    identity: text('identity') || unique,
    leaderElection: boolean('leader-elect'),
    leaseName: word('lease-name'),
    workers: count('workers', 256),
    metrics: address('metrics-address'),
    probes: address('probe-address'),
    allowHostPath: boolean('allow-host-path'),
    patchPods: boolean('enable-pod-patch'),
    clusterDomain: word('cluster-domain'),
    logLevel: logLevel ?? 'info',
    kubeconfig: text('kubeconfig') || undefined,
    context: text('context') || undefined,
    requestsPerSecond: count('requests-per-second', 10_000),
  };
  return problems.length > 0 ? { kind: 'wrong', problems } : { kind: 'run', settings };
}

/** What --help prints. */
export function help(): string {
  const lines = Object.entries<Flag>(flags).map(([name, flag]) => {
    const notes = [
      ...(flag.default === '' ? [] : [`default ${flag.default}`]),
      ...(flag.variable === undefined ? [] : [`or ${flag.variable}`]),
    ];
    return `  ${`--${name} ${flag.placeholder}`.padEnd(30)} ${flag.help}${notes.length > 0 ? ` (${notes.join('; ')})` : ''}`;
  });
  return [
    'Brings ModelServers about: makes their pods, and tells what these serve.',
    '',
    'modelserver-operator [run] [flags]     runs the operator',
    'modelserver-operator convert FILE…     turns ModelServers of intel.com/v1alpha1 into ours; - reads standard input',
    '',
    ...lines,
    `  ${'--help'.padEnd(30)} print this and exit`,
    `  ${'--version'.padEnd(30)} print the version and exit`,
    '',
    'Traces go where the OTEL_* environment says.',
    '',
  ].join('\n');
}
