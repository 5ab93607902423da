import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { before, type TestContext, test } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { fuzzing, inTime, MemoryWatch } from '../support/fuzz.ts';
import { hostileBytes } from '../support/hostile-bytes.ts';
import { hostileJson } from '../support/hostile-json.ts';
import { addModel } from '../support/ir-model.ts';
import { packed } from '../support/kserve.ts';
import { jpeg, picture, png } from '../support/picture.ts';
import { datatypes, protocolModels, writeModels } from '../support/protocol-models.ts';
import { restFlags } from '../support/rest.ts';
import { startServer, type TestServer, temporaryFolder } from '../support/server.ts';

type Headers = Readonly<Record<string, string>>;

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: Buffer;
}

interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

/** A request that is answered: JSON, and what is behind it. */
interface Good {
  readonly path: string;
  readonly json: string;
  readonly tail: Buffer;
}

const headerLength = 'inference-header-content-length';
const agent = new Agent({ keepAlive: true });
const goods: Good[] = await goodRequests();
const recorded: Answered[] = [];
let server: TestServer;
let port: number;
let memory: MemoryWatch;

before(async (t) => {
  const context = t as unknown as TestContext;
  const models = { ...protocolModels(), picture: addModel('FP32', [1, 2, 2, 3]) };
  const config = writeModels(temporaryFolder(context), models);
  const rest = await restFlags();
  port = rest.port;
  server = await startServer(context, [
    '--config_path',
    config,
    '--settle_milliseconds',
    '50',
    '--metrics_enable',
    ...rest.flags,
  ]);
  context.after(() => agent.destroy());
  for (const good of goods) {
    const answer = await send(whole(good));
    assert.equal(answer.status, 200, `${good.path} ${good.json}: ${answer.body}`);
    recorded.push(answer);
  }
  memory = new MemoryWatch(port);
  await memory.begin();
});

/** Each type in each form that there is for it. */
async function goodRequests(): Promise<Good[]> {
  const list: Good[] = [];
  const predict = (model: string, json: object) =>
    list.push({ path: `/v1/models/${model}:predict`, json: JSON.stringify(json), tail: Buffer.alloc(0) });
  const infer = (model: string, json: object, tail: Buffer = Buffer.alloc(0)) =>
    list.push({ path: `/v2/models/${model}/infer`, json: JSON.stringify(json), tail });
  for (const datatype of Object.values(datatypes)) {
    const model = `add_${datatype}`;
    const input = { name: 'b', datatype, shape: [2, 3] };
    predict(model, {
      instances: [
        [1, 2, 3],
        [4, 5, 6],
      ],
    });
    predict(model, { signature_name: 'serving_default', inputs: { b: [[1, 2, 3]] } });
    infer(model, { id: 'x', inputs: [{ ...input, data: [1, 2, 3, 4, 5, 6] }] });
    const bytes = 6 * (Number(/\d+$/.exec(datatype)?.[0] ?? 8) / 8);
    infer(
      model,
      { inputs: [{ ...input, parameters: { binary_data_size: bytes } }], parameters: { binary_data_output: true } },
      Buffer.alloc(bytes, 1),
    );
  }
  predict('two', { instances: [{ b: [1, 2], c: [3, 4] }] });
  predict('two', { inputs: { b: [[1, 2]], c: [[3, -4]] } });
  predict('texts', { instances: ['a', 'ä😀', { b64: '/wA=' }] });
  predict('rows', { instances: ['a', 'bc'] });
  predict('flags', { inputs: [true, false] });
  const [image, other] = await Promise.all([jpeg(picture(2, 2)), png(picture(2, 2))]);
  predict('picture', { instances: [{ b64: image.toString('base64') }] });
  const both = (name: string, datatype: string, data: unknown[]) => ({ name, datatype, shape: [1, data.length], data });
  infer('two', {
    inputs: [both('c', 'FP32', [1, 2]), both('b', 'FP32', [3, 4])],
    outputs: [{ name: 'd' }, { name: 'a', parameters: { binary_data: true } }],
  });
  infer('texts', { inputs: [{ name: 'b', datatype: 'BYTES', shape: [2], data: ['a', 'ä'] }] });
  infer('texts', { inputs: [{ name: 'b', datatype: 'BYTES', shape: [2] }] }, packed('a', 'bcd'));
  infer('flags', { inputs: [{ name: 'b', datatype: 'BOOL', shape: [2], data: [true, 0] }] });
  infer('picture', { inputs: [{ name: 'b', datatype: 'BYTES', shape: [1] }] }, packed(other));
  list.push({ path: '/v2/repository/index', json: '{"ready": true}', tail: Buffer.alloc(0) });
  return list;
}

function whole({ path, json, tail }: Good): Asked {
  const length = Buffer.byteLength(json);
  const headers: Headers = tail.byteLength > 0 ? { [headerLength]: String(length) } : {};
  return { method: 'POST', path, headers, body: Buffer.concat([Buffer.from(json), tail]) };
}

function send({ method, path, headers, body }: Asked): Promise<Answered> {
  const answer = new Promise<Answered>((resolve, reject) => {
    const framed = { ...headers, 'content-length': String(body.byteLength) };
    const asked = request({ host: '127.0.0.1', port, agent, method, path, headers: framed }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk)).on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    asked.on('error', reject);
    asked.end(body);
  });
  return inTime(answer, () => `${method} ${path} ${JSON.stringify(headers)} ${body.toString('latin1')}`);
}

/** JSON, but for numbers that are not finite. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text.replace(/("(?:[^"\\]|\\.)*")|-?\b(?:NaN|Infinity)\b/gs, (_, string) => string ?? '0'));
    return true;
  } catch {
    return false;
  }
}

const good = fc.constantFrom(...goods);
const encodings: Readonly<Record<string, (body: Buffer) => Buffer>> = {
  identity: (body) => body,
  gzip: gzipSync,
  deflate: deflateSync,
};

/** Good requests, of which either the JSON has been changed, or its bytes and those behind it. */
const mutated: fc.Arbitrary<Asked> = fc.oneof(
  {
    weight: 3,
    arbitrary: good.chain((one) => hostileJson(fc.constant(one.json)).map((json) => whole({ ...one, json }))),
  },
  {
    weight: 2,
    arbitrary: good.chain((one) => {
      const asked = whole(one);
      return hostileBytes(fc.constant(asked.body)).map((body) => ({ ...asked, body }));
    }),
  },
);

const otherHeaders = fc.record(
  {
    [headerLength]: fc.oneof(
      fc.nat(200).map(String),
      fc.constantFrom('-1', 'x', '1e9', '', ' 2 ', '99999999999999999999'),
    ),
    'content-type': fc.constantFrom(
      '',
      'application/json',
      'application/octet-stream',
      'x',
      'multipart/form-data; boundary=x',
    ),
    'content-encoding': fc.constantFrom('gzip', 'deflate', 'identity', 'br', ''),
  },
  { requiredKeys: [] },
);
const otherPaths = fc.oneof(
  good.map(({ path }) => path),
  fc.constantFrom(
    '/v1/models/add_FP32/versions/1:predict',
    '/v1/models/two/labels/x:predict',
    '/v2/models/two/versions/1/infer',
  ),
  fc.constantFrom('/', '/v1/models/', '/v1/models/%ff', '/v1/models/two:predict?x=%zz', '/v2/models/a%2f..%2fb/infer'),
  fc
    .tuple(good, fc.string({ unit: 'grapheme', maxLength: 12 }))
    .map(([{ path }, text]) => `${path}${encodeURI(text.toWellFormed())}`),
);
/** The same with other heads. */
const misdirected: fc.Arbitrary<Asked> = fc
  .tuple(
    fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'OPTIONS'),
    otherPaths,
    otherHeaders,
    fc.oneof(good.map(whole), mutated),
  )
  .map(([method, path, headers, asked]) => ({ ...asked, method, path, headers: { ...asked.headers, ...headers } }));

/** Those who ask well meanwhile get what they got before. */
async function checkGoods(): Promise<void> {
  for (const [i, one] of goods.entries()) {
    const { status, body } = await send(whole(one));
    assert.equal(status, 200, one.json);
    if (!one.path.startsWith('/v2/repository')) assert.deepEqual(body, recorded[i]!.body, one.json);
  }
}

function checkAnswer(asked: Asked, { status, headers, body }: Answered): void {
  assert.ok(status < 500, `${status} ${body}`);
  if (status < 400 || asked.method === 'OPTIONS') return;
  assert.equal(headers['content-type'], 'application/json');
  assert.deepEqual(Object.keys(JSON.parse(body.toString())), ['error']);
}

async function checkEnd(statuses: ReadonlyMap<number, number>, good: number): Promise<void> {
  await checkGoods();
  await memory.check();
  const told = JSON.stringify([...statuses]);
  assert.ok((statuses.get(200) ?? 0) > good && (statuses.get(400) ?? 0) > good, told);
  assert.deepEqual(
    server.log.filter(({ level }) => level === 'error'),
    [],
  );
}

test('bodies that are nearly good are answered, never by a fault of the server, and the same if they are compressed', async () => {
  const statuses = new Map<number, number>();
  let count = 0;
  await fc.assert(
    fc.asyncProperty(mutated, fc.constantFrom('gzip', 'deflate'), async (asked, encoding) => {
      const answer = await send(asked);
      checkAnswer(asked, answer);
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      if (answer.status === 200 && asked.headers[headerLength] === undefined) {
        assert.ok(asked.body.byteLength === 0 || isJson(asked.body.toString()), 'what is no JSON is refused');
      }
      const body = encodings[encoding]!(asked.body);
      const again = await send({ ...asked, headers: { ...asked.headers, 'content-encoding': encoding }, body });
      assert.deepEqual([again.status, again.body.toString()], [answer.status, answer.body.toString()]);
      if (++count % 500 === 0) await checkGoods();
    }),
    fuzzing(1000),
  );
  await checkEnd(statuses, 100);
});

test('whatever is asked, by whatever head, is answered, and never by a fault of the server', async () => {
  const statuses = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(misdirected, async (asked) => {
      const answer = await send(asked);
      checkAnswer(asked, answer);
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    }),
    fuzzing(1000),
  );
  await checkEnd(statuses, 50);
});
