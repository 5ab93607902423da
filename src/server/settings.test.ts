import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readSettings } from './settings.ts';

const read = (line: string, environment = {}) => readSettings(line.split(' '), environment, '/work');
const model = '--model_name m --model_path /m --port 9000';
const file = '--config_path c.json --port 9000';

/** What OpenVINO Model Server says where it says anything, and what else keeps a server from starting. */
const refused: [line: string, ...problems: string[]][] = [
  [`${file} --model_name m`, '--model_name: Model parameters in CLI are exclusive with the config file'],
  [
    `${file} --nireq 2 --mean 1 --shape auto`,
    '--nireq, --shape, --mean: Model parameters in CLI are exclusive with the config file',
  ],
  ['--port 9000 --model_path /m', '--model_name: must be given, unless --config_path is'],
  ['--port 9000 --model_name m', '--model_path: must be given, unless --config_path is'],
  [
    '--config_path c.json',
    '--port: a port to serve on must be given: --port 9000 for gRPC, --rest_port 8000 for HTTP, or both',
  ],
  [
    '--config_path c.json --port 0 --rest_port 0',
    '--port: a port to serve on must be given: --port 9000 for gRPC, --rest_port 8000 for HTTP, or both',
  ],
  [`${file} --rest_port 9000`, '--rest_port: port and rest_port cannot have same values'],
  [`${file} --rest_port 65536`, '--rest_port: expected an integer from 0 to 65535, got "65536"'],
  [`${file} --rest_workers 1`, '--rest_workers: expected an integer ≥ 2, got "1"'],
  [`${file} --grpc_workers 0`, '--grpc_workers: expected an integer ≥ 1, got "0"'],
  [`${file} --log_level LOUD`, '--log_level: expected one of TRACE, DEBUG, INFO, WARNING, ERROR, got "LOUD"'],
  [`${file} --file_system_poll_wait_seconds -1`, '--file_system_poll_wait_seconds: expected an integer ≥ 0, got "-1"'],
  [`${file} --grpc_channel_arguments a`, '--grpc_channel_arguments: expected KEY=VALUE,…, got "a"'],
  [
    `${file} --metrics_enable`,
    '--metrics_enable: Missing rest_port parameter in server CLI - metrics are served on that port, such as --rest_port 8000',
  ],
  [
    `${file} --metrics_list ovms_streams`,
    '--metrics_list: metrics_enable setting is missing, required when metrics_list is provided',
  ],
  [`${file} --allow_credentials maybe`, 'unexpected argument "maybe": flags begin with --'],
  [`${file} --config_path d.json`, '--config_path is given twice'],
  [`${model} --nireq 100001`, '--nireq: expected an integer from 0 to 100000, got "100001"'],
  [`${model} --model_path_ /m`, 'unknown flag --model_path_ (did you mean --model_path?)'],
  [
    `${model} --model_version_policy {"latest":{}}`,
    '--model_version_policy: expected one of {"latest": {"num_versions": N}}, {"specific": {"versions": [N, …]}}, {"all": {}}, got {"latest":{}}',
  ],
  [`${model} --plugin_config {"A":[]}`, '--plugin_config.A: expected a string, number or boolean, got []'],
  [
    `${model} --batch_size x`,
    '--batch_size: expected an integer ≥ 1, -1 for any size, a range such as "1:8", or "auto", got "x"',
  ],
  [`${model} --shape {"a":"1"}`, '--shape.a: expected a shape such as "(1,3,200:500,-1)", or "auto", got "1"'],
  [
    `${model} --layout {"a":"N:C:H"}`,
    '--layout.a: expected a layout such as "NHWC", or "NHWC:NCHW" for clients that send another than the model takes, got "N:C:H"',
  ],
  [`${model} --scale [1,0]`, '--scale: expected numbers other than 0, got "[1,0]"'],
  ['--model_name m --model_path a/../b --port 9000', '--model_path: ".." is not allowed in a path: a/../b'],
  [
    `${file} --model_repository_path /r`,
    '--model_repository_path: is for --list_models and --add_to_config: serve by --model_path or --config_path',
  ],
  [
    '--list_models',
    '--model_repository_path: must be given with --list_models, unless OVMS_MODEL_REPOSITORY_PATH is set',
  ],
];

suite('a command line is refused', () => {
  for (const [line, ...problems] of refused) {
    test(line, () => assert.deepEqual(read(line), { kind: 'wrong', problems }));
  }
});

test('names of metrics that nobody knows are refused with those that there are', () => {
  const wrong = read(`${file} --rest_port 8000 --metrics_enable --metrics_list ovms_stream`);
  assert.ok(wrong.kind === 'wrong');
  assert.match(wrong.problems.join(), /^--metrics_list: Invalid name in metrics_list - "ovms_stream"; there are ovms_/);
});

test('a model of the command line, in every respect', () => {
  const line = [
    ...['--model_name', 'm', '--model_path', 'm', '--port', '9000', '--nireq', '2', '--target_device', 'AUTO'],
    ...['--batch_size', 'auto', '--layout', 'NHWC:NCHW', '--plugin_config', '{"NUM_STREAMS": 1}'],
    ...['--mean', '[1,2,3]', '--scale', '2', '--color_format', 'BGR:RGB', '--precision', 'uint8:fp32'],
    ...['--model_version_policy', '{"all": {}}'],
  ];
  const read = readSettings(line, {}, '/work');
  assert.ok(read.kind === 'serve' && 'model' in read.settings.models);
  assert.deepEqual(read.settings.models.model, {
    name: 'm',
    basePath: '/work/m',
    required: true,
    policy: { kind: 'all' },
    labels: new Map(),
    notes: ['--batch_size: "auto" is taken as -1, any size'],
    options: {
      targetDevice: 'AUTO',
      pluginConfig: { NUM_STREAMS: '1' },
      inferRequests: 2,
      layouts: { kind: 'only', layout: { seen: 'NHWC', own: 'NCHW' } },
      reshape: { kind: 'batch', size: { min: 0, max: Number.POSITIVE_INFINITY } },
      preprocessing: {
        precision: { seen: 'U8', own: 'FP32' },
        colors: { seen: 'BGR', own: 'RGB' },
        mean: [1, 2, 3],
        scale: 2,
      },
    },
  });
});

test('a command is run instead of serving', () => {
  assert.deepEqual(read('--list_models', { OVMS_MODEL_REPOSITORY_PATH: '/r' }), {
    kind: 'command',
    command: { kind: 'list-models', repository: '/r' },
  });
});
