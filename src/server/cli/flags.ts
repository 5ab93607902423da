/**
 * The flags of OpenVINO Model Server by their names, defaults and rules, and a few of our own. One table: what is parsed,
 * checked and printed by --help comes from here.
 */
export interface Flag {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'boolean';
  /** What stands behind the flag in --help. */
  readonly placeholder?: string;
  readonly default?: string;
  readonly least?: number;
  readonly most?: number;
  readonly choices?: readonly string[];
  readonly group: 'model' | 'server' | 'files' | 'other';
  readonly help: string;
  /**
   * - `later`: known, and refused unless it is at its default, so that nobody relies on what is not there.
   * - `no effect`: about the inside of another server; accepted, and said so in the log.
   */
  readonly status?: 'later' | 'no effect';
}

const list: readonly Flag[] = [
  {
    name: 'model_name',
    type: 'string',
    placeholder: 'NAME',
    group: 'model',
    help: 'name of the model that clients ask for',
  },
  {
    name: 'model_path',
    type: 'string',
    placeholder: 'DIR',
    group: 'model',
    help: 'folder that holds a folder for each version: DIR/1, DIR/2, …',
  },
  {
    name: 'model_version_policy',
    type: 'string',
    placeholder: 'JSON',
    default: '{"latest": {"num_versions": 1}}',
    group: 'model',
    help: 'which versions to serve: latest, specific ({"specific": {"versions": [1, 3]}}) or {"all": {}}',
  },
  {
    name: 'target_device',
    type: 'string',
    placeholder: 'DEVICE',
    default: 'CPU',
    group: 'model',
    help: 'OpenVINO device: CPU, GPU, GPU.1, NPU, AUTO:…, HETERO:…',
  },
  {
    name: 'plugin_config',
    type: 'string',
    placeholder: 'JSON',
    default: '{}',
    group: 'model',
    help: 'OpenVINO properties: {"NUM_STREAMS": 2, "PERFORMANCE_HINT": "THROUGHPUT"}',
  },
  {
    name: 'nireq',
    type: 'integer',
    least: 0,
    most: 100_000,
    default: '0',
    group: 'model',
    help: 'infer requests per version; 0 takes the optimum of the device',
  },
  {
    name: 'batch_size',
    type: 'string',
    placeholder: 'SIZE',
    group: 'model',
    help: "batch dimension of the inputs instead of the model's: 4, -1 for any, 1:8 for a range",
  },
  {
    name: 'shape',
    type: 'string',
    placeholder: 'SHAPE',
    group: 'model',
    help: 'shape of the input instead of the model\'s: "(1,3,200:500,-1)", or JSON with one for each input; --batch_size is ignored',
  },
  {
    name: 'layout',
    type: 'string',
    placeholder: 'LAYOUT',
    group: 'model',
    help: 'what the dimensions of the input are: NHWC; or NHWC:NCHW for clients that send the first to a model that takes the second; or JSON with one for each input and output',
  },
  { name: 'mean', type: 'string', group: 'model', status: 'later', help: 'mean values to subtract' },
  { name: 'scale', type: 'string', group: 'model', status: 'later', help: 'scale values to divide by' },
  { name: 'color_format', type: 'string', group: 'model', status: 'later', help: 'colour conversion' },
  { name: 'precision', type: 'string', group: 'model', status: 'later', help: 'precision conversion' },
  {
    name: 'stateful',
    type: 'boolean',
    default: 'false',
    group: 'model',
    help: 'the model keeps a state between requests, which belong to sequences',
  },
  {
    name: 'idle_sequence_cleanup',
    type: 'boolean',
    default: 'true',
    group: 'model',
    help: 'end sequences of a stateful model that nobody uses (true, unless given)',
  },
  {
    name: 'low_latency_transformation',
    type: 'boolean',
    default: 'false',
    group: 'model',
    help: 'for OpenVINO IR that has its states already, which this would leave as it is; others are refused',
  },
  {
    name: 'max_sequence_number',
    type: 'integer',
    least: 0,
    most: 2 ** 32 - 1,
    default: '500',
    group: 'model',
    help: 'how many sequences of a stateful model may live at a time',
  },

  {
    name: 'config_path',
    type: 'string',
    placeholder: 'FILE',
    group: 'server',
    help: 'config.json with the models to serve, read anew when it changes; excludes the model flags',
  },
  {
    name: 'port',
    type: 'integer',
    least: 0,
    most: 65_535,
    default: '0',
    group: 'server',
    help: 'gRPC port; 0 for none',
  },
  {
    name: 'grpc_bind_address',
    type: 'string',
    placeholder: 'LIST',
    default: '0.0.0.0',
    group: 'server',
    help: 'addresses to listen on, separated by commas',
  },
  {
    name: 'grpc_memory_quota',
    type: 'integer',
    least: 0,
    default: '2147483648',
    group: 'server',
    help: 'bytes of requests in work at a time, those of REST among them; 0 sets no bound',
  },
  {
    name: 'grpc_channel_arguments',
    type: 'string',
    placeholder: 'K=V,…',
    default: '',
    group: 'server',
    help: 'gRPC channel arguments, such as grpc.max_connection_age_ms=60000',
  },
  {
    name: 'queue_size',
    type: 'integer',
    least: 0,
    default: '1024',
    group: 'server',
    help: 'requests that may wait for an infer request of a version; more are refused (RESOURCE_EXHAUSTED)',
  },
  {
    name: 'warmup',
    type: 'string',
    choices: ['auto', 'synthetic', 'none'],
    default: 'auto',
    group: 'server',
    help: 'what a version runs before it serves: the requests recorded in its assets.extra/tf_serving_warmup_requests, or else one of zeros (auto); that one alone (synthetic); nothing (none)',
  },
  {
    name: 'drain_timeout_seconds',
    type: 'integer',
    least: 0,
    default: '20',
    group: 'server',
    help: 'how long a version that is unloaded, or the server at its end, waits for requests under way',
  },
  {
    name: 'engine',
    type: 'string',
    choices: ['openvino', 'openvino-node'],
    default: 'openvino',
    group: 'server',
    help: 'runtime: OpenVINO through its C API, or through the openvino-node package',
  },
  {
    name: 'cache_dir',
    type: 'string',
    placeholder: 'DIR',
    group: 'server',
    help: 'where OpenVINO keeps compiled models (/opt/cache if that exists)',
  },
  {
    name: 'cpu_extension',
    type: 'string',
    placeholder: 'FILE',
    default: '',
    group: 'server',
    help: 'library with custom operations for the CPU',
  },
  {
    name: 'log_level',
    type: 'string',
    choices: ['TRACE', 'DEBUG', 'INFO', 'WARNING', 'ERROR'],
    default: 'INFO',
    group: 'server',
    help: 'least severe level that is logged',
  },
  {
    name: 'log_path',
    type: 'string',
    placeholder: 'FILE',
    group: 'server',
    help: 'file that the log is appended to, instead of standard error',
  },
  {
    name: 'grpc_workers',
    type: 'integer',
    least: 1,
    default: '1',
    group: 'server',
    status: 'no effect',
    help: 'gRPC server instances',
  },
  {
    name: 'grpc_max_threads',
    type: 'integer',
    least: 1,
    group: 'server',
    status: 'no effect',
    help: 'threads for gRPC',
  },
  {
    name: 'rest_port',
    type: 'integer',
    least: 0,
    most: 65_535,
    default: '0',
    group: 'server',
    help: 'HTTP port, for REST and metrics; 0 for none',
  },
  {
    name: 'rest_bind_address',
    type: 'string',
    placeholder: 'LIST',
    default: '0.0.0.0',
    group: 'server',
    help: 'addresses to listen on for HTTP, separated by commas',
  },
  { name: 'rest_workers', type: 'integer', least: 2, group: 'server', status: 'no effect', help: 'threads for REST' },
  {
    name: 'metrics_enable',
    type: 'boolean',
    default: 'false',
    group: 'server',
    help: 'serve metrics for Prometheus at /metrics; needs --rest_port',
  },
  {
    name: 'metrics_list',
    type: 'string',
    placeholder: 'LIST',
    default: '',
    group: 'server',
    help: 'metrics of OpenVINO Model Server to serve, separated by commas; its default ones unless given',
  },
  {
    name: 'allow_credentials',
    type: 'boolean',
    default: 'false',
    group: 'server',
    help: "whether browsers may send credentials with other sites' requests over REST (CORS)",
  },
  {
    name: 'allowed_origins',
    type: 'string',
    placeholder: 'LIST',
    default: '*',
    group: 'server',
    help: 'sites whose pages may ask over REST (CORS), such as https://a.example; * for all',
  },
  {
    name: 'allowed_methods',
    type: 'string',
    placeholder: 'LIST',
    default: '*',
    group: 'server',
    help: 'methods that they may use',
  },
  {
    name: 'allowed_headers',
    type: 'string',
    placeholder: 'LIST',
    default: '*',
    group: 'server',
    help: 'headers that they may send',
  },
  {
    name: 'api_key_file',
    type: 'string',
    group: 'server',
    status: 'later',
    help: 'file with the key that clients must show',
  },
  {
    name: 'sequence_cleaner_poll_wait_minutes',
    type: 'integer',
    least: 0,
    default: '5',
    group: 'server',
    help: 'minutes between two looks for idle sequences; one that has not been used from one to the next is ended; 0 for never',
  },
  {
    name: 'custom_node_resources_cleaner_interval_seconds',
    type: 'integer',
    least: 0,
    default: '300',
    group: 'server',
    status: 'no effect',
    help: 'clean-up of custom nodes',
  },

  {
    name: 'file_system_poll_wait_seconds',
    type: 'integer',
    least: 0,
    default: '1',
    group: 'files',
    help: 'seconds between two looks at the model folders and the config file; 0 turns reloading off',
  },
  {
    name: 'watch_mode',
    type: 'string',
    choices: ['auto', 'events', 'poll'],
    default: 'auto',
    group: 'files',
    help: 'notice changes by file events, by looking, or both (auto)',
  },
  {
    name: 'settle_milliseconds',
    type: 'integer',
    least: 0,
    default: '1000',
    group: 'files',
    help: 'how long the files of a version must have stayed the same before it is loaded',
  },
  {
    name: 'completion_marker',
    type: 'string',
    placeholder: 'NAME',
    group: 'files',
    help: 'load a version only once it holds a file of this name',
  },

  { name: 'help', type: 'boolean', default: 'false', group: 'other', help: 'print this and exit' },
  { name: 'version', type: 'boolean', default: 'false', group: 'other', help: 'print the version and exit' },
];

export const flags: ReadonlyMap<string, Flag> = new Map(list.map((flag) => [flag.name, flag]));

/** The flags that describe the one model of single-model mode. */
export const modelFlags: readonly string[] = list.filter((flag) => flag.group === 'model').map((flag) => flag.name);
