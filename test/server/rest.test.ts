import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import type { Precision } from '../../src/server/model/tensor.ts';
import { addModel, identityModel, slowModel, tableModel } from '../support/ir-model.ts';
import { restFlags } from '../support/rest.ts';
import { startServer, type TestServer, temporaryFolder } from '../support/server.ts';

const cleanUps: (() => unknown)[] = [];
const file = { after: (cleanUp: () => unknown) => cleanUps.push(cleanUp) } as unknown as TestContext;
after(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

const precisions: readonly Precision[] = [
  'BOOL',
  'BF16',
  'FP16',
  'FP32',
  'FP64',
  'I8',
  'I16',
  'I32',
  'I64',
  'U8',
  'U16',
  'U32',
  'U64',
  'STRING',
];

let server: TestServer;
let port: number;
let url: string;

before(async () => {
  const folder = temporaryFolder(file);
  const models = {
    m: addModel('FP32', [1, 10]),
    rows: addModel('FP32', [-1, 2]),
    scalar: addModel('FP32', []),
    two: twoInputs(),
    slow: slowModel(1024, 128),
    table: tableModel(2, 50_000),
    ...Object.fromEntries(precisions.map((precision) => [`same_${precision}`, identityModel(precision)])),
  };
  for (const [name, model] of Object.entries(models)) model.write(join(folder, name, '1'));
  addModel('FP32', [1, 10], 2).write(join(folder, 'm/2'));
  const config = join(folder, 'config.json');
  const list = Object.keys(models).map((name) => ({
    config: {
      name,
      base_path: name,
      nireq: 1,
      ...(name === 'm' ? { model_version_policy: { all: {} }, version_labels: { stable: 1, later: 9 } } : {}),
    },
  }));
  writeFileSync(config, JSON.stringify({ model_config_list: list }));
  const rest = await restFlags();
  port = rest.port;
  url = `http://127.0.0.1:${port}`;
  server = await startServer(file, [
    ...['--config_path', config, '--settle_milliseconds', '50', '--queue_size', '2', '--grpc_memory_quota', '8000000'],
    ...rest.flags,
  ]);
});

/** Two inputs and two outputs: `a` = `b` + 1, `d` = max(`c`, 0). */
function twoInputs() {
  const model = addModel('FP32', [-1, 2]);
  const c = model.input('c', 'FP32', [-1]);
  return model.output(model.operation('Relu', [c], { name: 'd' }));
}

async function post(
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<[number, string]> {
  const response = await fetch(url + path, { method: 'POST', body, headers });
  return [response.status, await response.text()];
}

/** Without the spaces and line ends outside of strings. */
const compact = ([status, text]: [number, string]) => [status, text.replace(/("(?:[^"\\]|\\.)*")|\s+/g, '$1')];

const ones = '[1,1,1,1,1,1,1,1,1,1]';
const sums = (addend: number) => `[[${Array(10).fill(`${1 + addend}.0`)}]]`;

const answers: readonly [path: string, body: string, answer: string][] = [
  ['m:predict', `{"instances": [${ones}]}`, `{"predictions":${sums(2)}}`],
  ['m:predict', `{"inputs": [${ones}]}`, `{"outputs":${sums(2)}}`],
  ['m:predict', `{"instances": [{"b": ${ones}}]}`, `{"predictions":${sums(2)}}`],
  ['m:predict', `{"inputs": {"b": [${ones}]}, "signature_name": "serving_default"}`, `{"outputs":${sums(2)}}`],
  ['m/versions/1:predict', `{"inputs": [${ones}]}`, `{"outputs":${sums(1)}}`],
  ['m/versions/0:predict', `{"inputs": [${ones}]}`, `{"outputs":${sums(2)}}`],
  ['m/labels/stable:predict', `{"inputs": [${ones}]}`, `{"outputs":${sums(1)}}`],
  ['rows:predict', '{"instances": [[1, 2], [3, 4], [5, 6]]}', '{"predictions":[[2.0,3.0],[4.0,5.0],[6.0,7.0]]}'],
  ['scalar:predict', '{"inputs": 1.5}', '{"outputs":2.5}'],
  ['scalar:predict', '{"inputs": NaN}', '{"outputs":NaN}'],
  [
    'two:predict',
    '{"instances": [{"b": [1, 2], "c": -1}, {"c": 5, "b": [3, 4]}]}',
    '{"predictions":[{"a":[2.0,3.0],"d":0.0},{"a":[4.0,5.0],"d":5.0}]}',
  ],
  ['two:predict', '{"inputs": {"b": [[1, 2]], "c": [3, 4]}}', '{"outputs":{"a":[[2.0,3.0]],"d":[3.0,4.0]}}'],
  ['same_BOOL:predict', '{"inputs": [true, false, 1]}', '{"outputs":[true,false,true]}'],
  ['same_BF16:predict', '{"inputs": [1.5, -3.14]}', '{"outputs":[1.5,-3.14]}'],
  ['same_FP16:predict', '{"inputs": [0.1, 65504, -2]}', '{"outputs":[0.1,65504.0,-2.0]}'],
  ['same_FP32:predict', '{"inputs": [0.1, 3.4e38, -Infinity]}', '{"outputs":[0.1,3.4e+38,-Infinity]}'],
  ['same_FP64:predict', '{"inputs": [0.5, 1e3]}', '{"outputs":[0.5,1000.0]}'],
  ['same_I8:predict', '{"inputs": [-128, 127]}', '{"outputs":[-128,127]}'],
  ['same_I16:predict', '{"inputs": [-32768, 1.9]}', '{"outputs":[-32768,1]}'],
  ['same_I32:predict', '{"inputs": [-2147483648]}', '{"outputs":[-2147483648]}'],
  ['same_I64:predict', '{"inputs": [-2147483648, 2147483647]}', '{"outputs":[-2147483648,2147483647]}'],
  ['same_U8:predict', '{"instances": [0, 255]}', '{"predictions":[0,255]}'],
  ['same_U16:predict', '{"inputs": [65535]}', '{"outputs":[65535]}'],
  ['same_U32:predict', '{"inputs": [4294967295]}', '{"outputs":[4294967295]}'],
  ['same_U64:predict', '{"inputs": [18446744073709551615]}', '{"outputs":[18446744073709551615]}'],
  ['same_STRING:predict', '{"instances": ["a\\"ä", {"b64": "/wA="}]}', '{"predictions":["a\\"ä",{"b64":"/wA="}]}'],
];

for (const [path, body, answer] of answers) {
  test(`${path} ${body} is answered`, async () => {
    assert.deepEqual(compact(await post(`/v1/models/${path}`, body)), [200, answer]);
  });
}

const refusals: readonly [path: string, body: string, status: number, error: string][] = [
  ['other:predict', '{"inputs": [1]}', 404, 'Model with requested name is not found'],
  ['m/versions/9:predict', '{"inputs": [1]}', 404, 'Model with requested version is not found'],
  [
    'm/labels/none:predict',
    '{"inputs": [1]}',
    404,
    'Model with requested version is not found - no version has the label: none',
  ],
  ['m:predict', '{"inputs": [1', 400, 'The file is not valid json'],
  ['m:predict', '', 400, 'The file is not valid json'],
  ['m:predict', '{"inputs": [[1, 2]]}', 400, 'Invalid input shape - Expected: (1,10); Actual: (1,2); input name: b'],
  ['m:predict', '{"inputs": ["a"]}', 400, 'Invalid input precision - Expected: FP32; Actual: STRING; input name: b'],
  ['m:predict', '{"instances": [{"x": 1}]}', 400, 'Invalid number of inputs - Expected: 1; Actual: 0'],
  ['m:predict', '{"instances": [{}, {}]}', 400, 'Invalid number of inputs - Expected: 1; Actual: 0'],
  ['m:predict', '{"inputs": [1], "signature_name": "x"}', 412, 'Signature with requested name is not found'],
  ['m:predict', `{"inputs": ${'['.repeat(200)}`, 400, 'JSON nesting depth exceeds the allowed limit'],
  ['m:classify', '{}', 404, 'Requested REST resource not found'],
  ['m:regress', '{}', 404, 'Requested REST resource not found'],
  ['m:explain', '{}', 400, 'Invalid request URL'],
  ['m', '{}', 405, 'Unsupported method'],
  ['m/versions/x:predict', '{}', 400, 'Invalid request URL'],
  ['scalar:predict', '{"instances": []}', 400, 'Invalid JSON structure. Missing instances in row format'],
];

for (const [path, body, status, error] of refusals) {
  test(`${path} ${body.slice(0, 40)} is refused`, async () => {
    const [actual, text] = await post(`/v1/models/${path}`, body);
    const message = JSON.parse(text).error as string;
    assert.deepEqual([actual, message.slice(0, error.length)], [status, error], text);
  });
}

test('status and metadata are those of TensorFlow Serving', async () => {
  const get = async (path: string) => (await fetch(`${url}/v1/models/${path}`)).json();
  const version = (number: string) => ({
    version: number,
    state: 'AVAILABLE',
    status: { error_code: 'OK', error_message: 'OK' },
  });
  assert.deepEqual(await get('m'), { model_version_status: [version('1'), version('2')] });
  assert.deepEqual(await get('m/versions/2'), { model_version_status: [version('2')] });
  assert.deepEqual(await get('m/labels/stable'), { model_version_status: [version('1')] });
  assert.deepEqual(await get('other'), { error: 'Model with requested name is not found' });
  const info = (name: string, ...sizes: string[]) => ({
    [name]: {
      dtype: 'DT_FLOAT',
      tensorShape: { dim: sizes.map((size) => ({ size, name: '' })), unknownRank: false },
      name,
    },
  });
  assert.deepEqual(await get('two/metadata'), {
    modelSpec: { name: 'two', signatureName: '', version: '1' },
    metadata: {
      signature_def: {
        '@type': 'type.googleapis.com/tensorflow.serving.SignatureDefMap',
        signatureDef: {
          serving_default: {
            inputs: { ...info('b', '-1', '2'), ...info('c', '-1') },
            outputs: { ...info('a', '-1', '2'), ...info('d', '-1') },
            methodName: '',
            defaults: {},
          },
        },
      },
    },
  });
});

test('a large answer comes in chunks, and goes on for as long as its client reads', async () => {
  const response = await fetch(`${url}/v1/models/table:predict`, { method: 'POST', body: '{"inputs": [1, 0]}' });
  assert.equal(response.headers.get('content-length'), null);
  const { outputs } = (await response.json()) as { outputs: number[][] };
  assert.deepEqual([outputs[0]![0], outputs[0]![49_999], outputs[1]![49_999]], [50_000, 99_999, 49_999]);
});

test('a client that goes while its answer is written frees what that took', async () => {
  for (let i = 0; i < 30; i++) {
    const socket = connect(port, '127.0.0.1');
    const body = '{"inputs": [1, 0, 1]}';
    socket.write(`POST /v1/models/table:predict HTTP/1.1\r\nhost: a\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    await once(socket, 'data');
    socket.destroy();
  }
  // Thirty answers would be 18 MB, twice the quota.
  assert.equal((await post('/v1/models/m:predict', `{"inputs": [${ones}]}`))[0], 200);
});

test('bodies count towards the memory quota, as they come', async () => {
  const large = `{"inputs": [${'1,'.repeat(3_000_000)}1]}`;
  const [status, text] = await post('/v1/models/same_FP32:predict', large);
  assert.deepEqual(
    [status, JSON.parse(text).error.slice(0, 47)],
    [429, 'Requests in work would exceed the memory quota '],
  );
  const promised = connect(port, '127.0.0.1');
  promised.write('POST /v1/models/m:predict HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000000\r\n\r\n{');
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(Buffer.from(`{"inputs": [${ones}`));
      controller.enqueue(Buffer.from(']}'));
      controller.close();
    },
  });
  const response = await fetch(`${url}/v1/models/m:predict`, { method: 'POST', body, duplex: 'half' } as RequestInit);
  assert.equal(response.status, 200);
  promised.destroy();
});

const broken: readonly [name: string, head: string, status: number][] = [
  ['a body beyond 1 GiB', 'content-length: 1073741825', 413],
  ['a length that is none', 'content-length: many', 400],
  ['two lengths', 'content-length: 1\r\ncontent-length: 2', 400],
  ['an encoding that nobody knows', 'content-length: 1\r\ncontent-encoding: br', 415],
  ['a head that is too large', `x: ${'y'.repeat(20_000)}`, 431],
];

for (const [name, head, status] of broken) {
  test(`${name} is refused, and the connection with it`, async () => {
    const socket = connect(port, '127.0.0.1').setEncoding('utf8');
    socket.write(`POST /v1/models/m:predict HTTP/1.1\r\nhost: a\r\n${head}\r\n\r\n`);
    let answer = '';
    for await (const chunk of socket) answer += chunk;
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `));
  });
}

test('bodies may be compressed, and count as what they become', async () => {
  const body = `{"inputs": [${ones}]}`;
  const encoded = (encoding: string, bytes: Uint8Array) =>
    post('/v1/models/m:predict', new Uint8Array(bytes), { 'content-encoding': encoding });
  assert.deepEqual(compact(await encoded('gzip', gzipSync(body))), [200, `{"outputs":${sums(2)}}`]);
  assert.deepEqual(compact(await encoded('deflate', deflateSync(body))), [200, `{"outputs":${sums(2)}}`]);
  assert.equal((await encoded('gzip', Buffer.from(body)))[0], 400);
  assert.equal((await encoded('gzip', gzipSync(body).subarray(0, 20)))[0], 400);
  assert.equal((await encoded('gzip', gzipSync(Buffer.alloc(100_000_000))))[0], 429);
});

test('a body that stops coming is given up, and its connection', async () => {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  socket.write('POST /v1/models/m:predict HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{"inputs": [');
  let answer = '';
  for await (const chunk of socket) answer += chunk;
  assert.match(answer, /^HTTP\/1\.1 408 /);
});

test('a client that goes while it waits leaves the queue', async () => {
  const body = JSON.stringify({ inputs: Array(256).fill(Array(1024).fill(1)) });
  const abort = new AbortController();
  const ask = (signal?: AbortSignal) =>
    fetch(`${url}/v1/models/slow:predict`, { method: 'POST', body, ...(signal && { signal }) }).then(
      ({ status }) => status,
      () => 'gone',
    );
  const first = ask();
  await new Promise((resolve) => setTimeout(resolve, 300));
  const waiting = [ask(abort.signal), ask(abort.signal)];
  await new Promise((resolve) => setTimeout(resolve, 200));
  abort.abort();
  assert.deepEqual(await Promise.all(waiting), ['gone', 'gone']);
  assert.equal(await first, 200);
  assert.equal(await ask(), 200);
});

test('KServe: the server, its models, and what of them is ready', async () => {
  const get = async (path: string) => {
    const response = await fetch(url + path);
    const text = await response.text();
    return [response.status, text && JSON.parse(text)];
  };
  const [status, about] = await get('/v2');
  assert.deepEqual(
    [status, about.name, about.extensions],
    [200, 'OpenVINO Model Server', ['binary_tensor_data', 'sequence']],
  );
  assert.deepEqual(await get('/v2/health/live'), [200, { live: true }]);
  assert.deepEqual(await get('/v2/health/ready'), [200, { ready: true }]);
  assert.deepEqual(await get('/v2/models/m/ready'), [200, { name: 'm', ready: true }]);
  assert.deepEqual(await get('/v2/models/m/versions/1/ready'), [200, { name: 'm', ready: true }]);
  const notFound = (what: string) => [404, { error: `Model with requested ${what} is not found` }];
  assert.deepEqual(await get('/v2/models/m/versions/0/ready'), notFound('version'));
  assert.deepEqual(await get('/v2/models/m/versions/9'), notFound('version'));
  assert.deepEqual(await get('/v2/models/other/ready'), notFound('name'));
  assert.deepEqual(await get('/v2/models/two'), [
    200,
    {
      name: 'two',
      versions: ['1'],
      platform: 'OpenVINO',
      inputs: [
        { name: 'b', datatype: 'FP32', shape: [-1, 2] },
        { name: 'c', datatype: 'FP32', shape: [-1] },
      ],
      outputs: [
        { name: 'a', datatype: 'FP32', shape: [-1, 2] },
        { name: 'd', datatype: 'FP32', shape: [-1] },
      ],
    },
  ]);
  const index = JSON.parse((await post('/v2/repository/index', '{"ready": true}'))[1]);
  assert.ok(index.some(({ name, version }: Record<string, string>) => name === 'm' && version === '2'));
  assert.deepEqual(await post('/v2/repository/models/m/load', ''), [200, '']);
});

const binaryRequest = JSON.stringify({
  id: 'mine',
  inputs: [
    { name: 'b', shape: [1, 2], datatype: 'FP32', parameters: { binary_data_size: 8 } },
    { name: 'c', shape: [1], datatype: 'FP32', data: [5] },
  ],
  outputs: [{ name: 'd' }, { name: 'a', parameters: { binary_data: true } }],
});

test('KServe: tensors may be bytes behind the JSON, in and out', async () => {
  const body = new Uint8Array(Buffer.concat([Buffer.from(binaryRequest), Buffer.from(Float32Array.of(1, 2).buffer)]));
  const headers = { 'inference-header-content-length': String(binaryRequest.length) };
  const response = await fetch(`${url}/v2/models/two/infer`, { method: 'POST', body, headers });
  assert.equal(response.headers.get('content-type'), 'application/octet-stream');
  const answer = Buffer.from(await response.arrayBuffer());
  const length = Number(response.headers.get('inference-header-content-length'));
  assert.deepEqual(JSON.parse(answer.subarray(0, length).toString()), {
    model_name: 'two',
    model_version: '1',
    id: 'mine',
    outputs: [
      { name: 'd', shape: [1], datatype: 'FP32', data: [5] },
      { name: 'a', shape: [1, 2], datatype: 'FP32', parameters: { binary_data_size: 8 } },
    ],
  });
  assert.deepEqual(new Float32Array(new Uint8Array(answer.subarray(length)).buffer), Float32Array.of(2, 3));
});

const kserveRefusals: readonly [path: string, body: string, status: number, error: string][] = [
  ['other/infer', '{', 404, 'Mediapipe graph definition with requested name is not found'],
  [
    'm/versions/9/infer',
    '{"inputs": [{"name": "b", "shape": [1], "datatype": "FP32", "data": [1]}]}',
    404,
    'Model with requested version is not found',
  ],
  ['m/infer', '{', 400, 'The file is not valid json'],
  [
    'm/infer',
    '{"inputs": [{"name": "b", "shape": [1, 10], "datatype": "FP32", "data": [1]}]}',
    400,
    'Invalid number of values in tensor proto container - Expected: 10 values; Actual: 1 values; input name: b',
  ],
  [
    'm/infer',
    '{"inputs": [{"name": "b", "shape": [1, 10], "datatype": "INT32", "data": [1]}]}',
    400,
    'Invalid input precision - Expected: FP32; Actual: INT32; input name: b',
  ],
  [
    'm/infer',
    '{"inputs": [{"name": "b", "shape": [-1, 10], "datatype": "FP32", "data": []}]}',
    400,
    'Invalid input shape - Negative or zero dimension size is not acceptable',
  ],
  [
    'm/infer',
    '{"inputs": [{"name": "b", "shape": [1], "datatype": "FP32", "data": [1]}], "outputs": [{"name": "x"}]}',
    400,
    'Invalid',
  ],
  ['m/ready', '', 405, 'Unsupported method'],
  ['m/generate', '', 400, 'Invalid request URL'],
];

for (const [path, body, status, error] of kserveRefusals) {
  test(`KServe: ${path} ${body} is refused`, async () => {
    const [actual, text] = await post(`/v2/models/${path}`, body);
    assert.deepEqual([actual, JSON.parse(text).error.slice(0, error.length)], [status, error], text);
  });
}

test('pages of other sites may ask', async () => {
  const headers = { origin: 'https://a.example', 'access-control-request-method': 'POST' };
  const preflight = await fetch(`${url}/v1/models/m:predict`, { method: 'OPTIONS', headers });
  assert.deepEqual([preflight.status, preflight.headers.get('access-control-allow-origin')], [200, '*']);
  const answer = await fetch(`${url}/v1/models/m`, { headers });
  assert.equal(answer.headers.get('access-control-allow-origin'), '*');
});

test('REST serves alone, and on the same models as gRPC', async (t) => {
  const folder = temporaryFolder(t);
  addModel('FP32', [1, 10]).write(join(folder, '1'));
  const rest = await restFlags();
  const alone = await startServer(t, ['--model_name', 'm', '--model_path', folder, '--port', '0', ...rest.flags]);
  const response = await fetch(`http://127.0.0.1:${rest.port}/v1/models/m:predict`, {
    method: 'POST',
    body: `{"instances": [${ones}]}`,
  });
  assert.equal(response.status, 200);
  assert.equal(await alone.stop(), 0);
  assert.ok(server.log.every(({ level }) => level !== 'error'));
});
