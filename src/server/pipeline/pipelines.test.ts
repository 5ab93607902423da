import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { floatsOf, floatTensor } from '../../../test/support/arithmetic-model.ts';
import { FakeClock, settle } from '../../../test/support/fake-clock.ts';
import { FakeEngine, writeFakeModel } from '../../../test/support/fake-engine.ts';
import { customNode, modelNode, pipeline, signature } from '../../../test/support/pipeline-definition.ts';
import { temporaryFolder } from '../../../test/support/server.ts';
import { ServingError } from '../model/error.ts';
import { noPipelines, type PipelineDefinition, type PipelineSet } from '../model/pipeline.ts';
import { latestOnly } from '../model/version-policy.ts';
import { Lifecycle } from '../registry/lifecycle.ts';
import type { CustomNodeLibrary, FindLibrary } from './custom-node.ts';
import { Pipelines } from './pipelines.ts';

const options = { targetDevice: 'CPU', pluginConfig: {}, inferRequests: 1 };
const add = signature({ b: 'FP32 1' }, { a: 'FP32 1' });

/** Versions by the models that are to be served; version N adds N. */
type Versions = Readonly<Record<string, readonly number[] | 'optional'>>;

/** Pipelines over a registry over the fakes. */
function bench(t: TestContext) {
  const folder = temporaryFolder(t);
  const engine = new FakeEngine();
  const clock = new FakeClock();
  const told: string[] = [];
  const broken = new Set<string>();
  const quiet = { stateChanged: () => {}, loading: () => () => {}, unloading: () => () => {} };
  const registry = new Lifecycle({ engine, clock, drainMs: 1000, mostWaiting: 4, observer: quiet });
  let found = 0;
  let closed = 0;
  const open: CustomNodeLibrary['open'] = ({ wrong }) => {
    if (wrong) throw new ServingError('invalid-argument', `wrong: expected nothing, got ${wrong}`);
    return { signature: add, execute: ([tensor]) => [floatTensor([floatsOf(tensor!)[0]! + 1000], 1)] };
  };
  let gate = Promise.resolve();
  const findLibrary: FindLibrary = async ({ basePath }) => {
    found++;
    await gate;
    if (basePath === '/none' || broken.has(basePath)) throw new Error('there is no such file');
    return {
      open,
      async close() {
        closed++;
      },
    };
  };
  const pipelines = new Pipelines({
    registry,
    clock,
    findLibrary,
    observer: {
      stateChanged: (name, { state, errorCode }) => told.push(`${name} ${state} ${errorCode}`),
      notClosed: (name, error) => told.push(`${name} ${error}`),
    },
  });
  engine.beforeLoad = async (directory) => {
    if (broken.has(directory.slice(folder.length + 1))) throw new Error('it is broken');
  };
  const want = (models: Versions) => {
    registry.want({
      models: Object.entries(models).map(([name, versions]) => {
        const listed = versions === 'optional' ? [] : versions;
        for (const version of listed) {
          writeFakeModel(join(folder, name, `${version}`), { precision: 'FP32', shape: [1], addend: version });
        }
        return {
          name,
          required: versions !== 'optional',
          policy: latestOnly,
          labels: new Map(),
          options,
          repository: {
            state: 'listed',
            versions: listed.map((version) => ({
              version,
              directory: join(folder, name, `${version}`),
              fingerprint: 'a',
              unchanged: async () => true,
            })),
          },
        };
      }),
    });
    return settle();
  };
  /** What the pipeline makes of zero. */
  const ask = async (name = 'p') => {
    const pinned = pipelines.acquire({ name });
    const inference = await pinned.model.infer([floatTensor([0], 1)], { takeMemory: () => {} });
    const [sum] = floatsOf(inference.outputs[0]!.tensor);
    inference.release();
    pinned.release();
    return sum;
  };
  const close = (until: Promise<void>) => {
    gate = until;
  };
  const libraries = () => ({ found, closed });
  return { engine, registry, pipelines, told, broken, want, ask, close, libraries };
}

const chain = pipeline(['in'], [modelNode('n', 'x', { b: 'request.in' }), modelNode('m', 'y', { b: 'n.a' })], {
  out: 'm.a',
});
const single = pipeline(['in'], [modelNode('n', 'x', { b: 'request.in' })], { out: 'n.a' });
const withLibrary = (parameters: Record<string, string> = {}): PipelineDefinition =>
  pipeline(
    ['in'],
    [customNode('c', 'l', { b: 'request.in' }, ['a'], { runs: { kind: 'custom', library: 'l', parameters } })],
    {
      out: 'c.a',
    },
  );
const set = (...definitions: PipelineDefinition[]): PipelineSet => ({
  pipelines: definitions,
  libraries: [{ name: 'l', basePath: '/l.js' }],
});

const refusal = (code: string, message: RegExp) => (error: unknown) =>
  error instanceof ServingError && error.code === code && message.test(error.message);

// The fake engine's models make constants of zeros: version N gives N.
test('a pipeline is there when its models are, gone with them, and back', async (t) => {
  const { pipelines, told, want, ask } = bench(t);
  await pipelines.configure(set(chain));
  assert.throws(
    () => pipelines.acquire({ name: 'p' }),
    refusal('not-loaded', /^Pipeline is not loaded yet - Pipeline definition has reference to missing model - /),
  );
  await want({ x: [1], y: [2] });
  assert.equal(await ask(), 2);
  await want({ x: [1] });
  assert.throws(
    () => pipelines.acquire({ name: 'p' }),
    refusal('not-loaded', /Node: m; model: y; Model with requested version is not found$/),
  );
  await want({ x: [1], y: [5] });
  assert.equal(await ask(), 5);
  assert.deepEqual(told, [
    'p LOADING OK',
    'p AVAILABLE OK',
    'p LOADING FAILED_PRECONDITION',
    'p LOADING OK',
    'p AVAILABLE OK',
  ]);
});

test('a new version of a model is used by the requests that come after', async (t) => {
  const { engine, pipelines, told, want, ask } = bench(t);
  await pipelines.configure(set(single));
  await want({ x: [1] });
  const pinned = pipelines.acquire({ name: 'p' });
  await want({ x: [1, 2] });
  assert.equal(await ask(), 2);
  assert.equal(engine.open, 2);
  const inference = await pinned.model.infer([floatTensor([0], 1)], { takeMemory: () => {} });
  assert.deepEqual([...floatsOf(inference.outputs[0]!.tensor)], [1]);
  inference.release();
  pinned.release();
  await settle();
  assert.equal(engine.open, 1);
  assert.deepEqual(told, ['p LOADING OK', 'p AVAILABLE OK']);
});

test('a version that a node names is taken, and missed', async (t) => {
  const { pipelines, want, ask } = bench(t);
  const versioned = pipeline(
    ['in'],
    [modelNode('n', 'x', { b: 'request.in' }, ['a'], { runs: { kind: 'model', model: 'x', version: 1 } })],
    { out: 'n.a' },
  );
  await pipelines.configure(set(versioned));
  await want({ x: [1] });
  assert.equal(await ask(), 1);
  await want({ x: [2] });
  assert.throws(
    () => pipelines.acquire({ name: 'p' }),
    refusal('not-loaded', /Node: n; model: x; version: 1; Model with requested version is retired$/),
  );
});

test('why a model does not load is told of its pipelines', async (t) => {
  const { pipelines, broken, want } = bench(t);
  broken.add('x/1');
  await pipelines.configure(set(single));
  await want({ x: [1] });
  const [status] = pipelines.status({ name: 'p', version: 9 });
  assert.equal(status?.errorCode, 'FAILED_PRECONDITION');
  assert.match(status!.errorMessage, /Node: n; model: x; .* - version 1: Cannot read the model - it is broken$/);
});

test('a request waits for the models of a pipeline, and for its custom nodes', async (t) => {
  const { engine, pipelines, want, ask, close } = bench(t);
  const opening = Promise.withResolvers<void>();
  const loading = Promise.withResolvers<void>();
  close(opening.promise);
  engine.beforeLoad = () => loading.promise;
  const both = pipeline(['in'], [...withLibrary().nodes, modelNode('n', 'x', { b: 'c.a' })], { out: 'n.a' });
  const configured = pipelines.configure(set(both));
  const wanted = want({ x: [3] });
  let isThere = false;
  const waiting = pipelines.whenLoaded({ name: 'p' }, 10_000, undefined).then(() => {
    isThere = true;
  });
  opening.resolve();
  await configured;
  await settle();
  assert.equal(isThere, false);
  loading.resolve();
  await wanted;
  await waiting;
  assert.equal(await ask(), 3);
});

test('a pipeline that is not in the file any more is retired, and may come back', async (t) => {
  const { pipelines, told, want, ask } = bench(t);
  await pipelines.configure(set(single));
  await want({ x: [1] });
  await pipelines.configure(noPipelines);
  assert.throws(() => pipelines.acquire({ name: 'p' }), refusal('version-retired', /^Pipeline is retired$/));
  assert.deepEqual(pipelines.status({ name: 'p' }), [
    { version: 1, state: 'END', errorCode: 'OK', errorMessage: 'OK' },
  ]);
  assert.throws(() => pipelines.acquire({ name: 'q' }), refusal('servable-not-found', /Model with requested name/));
  assert.throws(() => pipelines.status({ name: 'q' }), refusal('servable-not-found', /Model with requested name/));
  await pipelines.configure(set(single));
  assert.equal(await ask(), 1);
  assert.deepEqual(told.slice(-3), ['p END OK', 'p LOADING OK', 'p AVAILABLE OK']);
});

test('a model may take the name of a pipeline that is gone', async (t) => {
  const { pipelines, want } = bench(t);
  await pipelines.configure(set(single));
  await pipelines.configure(noPipelines);
  await want({ p: [4] });
  const pinned = pipelines.acquire({ name: 'p' });
  assert.deepEqual([pinned.kind, pinned.version], ['model', 4]);
  pinned.release();
});

test('the server is ready with its pipelines, and stays so when others are added', async (t) => {
  const { pipelines, want } = bench(t);
  const isReady = () => pipelines.readiness()?.isReady;
  assert.equal(pipelines.readiness(), undefined);
  const wrong = { ...single, name: 'wrong', outputs: [] };
  await pipelines.configure(set(single, { ...wrong, required: false }));
  await want({ x: [] });
  assert.equal(isReady(), false);
  await want({ x: [1] });
  assert.equal(isReady(), true);
  assert.deepEqual(Object.fromEntries(pipelines.readiness()!.models), { x: true, p: true, wrong: false });
  await pipelines.configure(set(single, wrong));
  assert.equal(isReady(), true);
  await want({ y: [1] });
  assert.equal(isReady(), false);
});

test('a server whose pipeline is wrong from the start is not ready', async (t) => {
  const { pipelines, want } = bench(t);
  await pipelines.configure(set({ ...single, outputs: [] }));
  await want({ x: [1] });
  assert.equal(pipelines.readiness()!.isReady, false);
});

test('it is told by which config a pipeline is served', async (t) => {
  const { pipelines, want, close } = bench(t);
  const inForce = () => pipelines.revisionInForce('p');
  await pipelines.configure(set(single), 'a');
  await want({ x: [1] });
  assert.equal(inForce(), 'a');
  await pipelines.configure(set(single), 'b');
  assert.equal(inForce(), 'b');
  const opening = Promise.withResolvers<void>();
  close(opening.promise);
  const configured = pipelines.configure(set(withLibrary()), 'c');
  assert.equal(inForce(), 'b');
  opening.resolve();
  await configured;
  assert.equal(inForce(), 'c');
  await pipelines.configure(noPipelines, 'd');
  assert.equal(inForce(), 'd');
  assert.equal(pipelines.revisionInForce('x'), undefined);
});

test('those who watch are told when a pipeline becomes available', async (t) => {
  const { pipelines, want } = bench(t);
  const seen: (boolean | undefined)[] = [];
  const end = pipelines.subscribe(() => seen.push(pipelines.readiness()?.models.get('p')));
  await pipelines.configure(set(single));
  await want({ x: [1] });
  assert.equal(seen.at(-1), true);
  end();
});

test('libraries are found once, shared, and closed when nobody uses them', async (t) => {
  const { pipelines, ask, libraries } = bench(t);
  await pipelines.configure(set(withLibrary(), { ...withLibrary({ x: '1' }), name: 'q' }));
  assert.equal(await ask(), 1000);
  assert.equal(await ask('q'), 1000);
  await pipelines.configure(set(withLibrary()));
  assert.deepEqual(libraries(), { found: 1, closed: 0 });
  const pinned = pipelines.acquire({ name: 'p' });
  await pipelines.configure(noPipelines);
  await settle();
  assert.deepEqual(libraries(), { found: 1, closed: 0 });
  pinned.release();
  await settle();
  assert.deepEqual(libraries(), { found: 1, closed: 1 });
});

test('a pipeline serves as it was until what it is to be has been opened', async (t) => {
  const { pipelines, ask, close, libraries } = bench(t);
  const { pipelines: definitions } = set(withLibrary());
  await pipelines.configure(set(withLibrary()));
  const opening = Promise.withResolvers<void>();
  close(opening.promise);
  const other = { pipelines: definitions, libraries: [{ name: 'l', basePath: '/other.js' }] };
  const configured = pipelines.configure(other);
  assert.equal(await ask(), 1000);
  // What is wanted meanwhile again is there already.
  await pipelines.configure(set(withLibrary()));
  opening.resolve();
  await configured;
  await settle();
  assert.deepEqual(libraries(), { found: 2, closed: 1 });
  assert.equal(await ask(), 1000);
  await pipelines.close();
  assert.deepEqual(libraries(), { found: 2, closed: 2 });
});

test('custom nodes that could not be opened are tried again when that is asked for', async (t) => {
  const { pipelines, told, ask, libraries, broken } = bench(t);
  broken.add('/l.js');
  await pipelines.configure(set(withLibrary()));
  assert.throws(() => pipelines.acquire({ name: 'p' }), refusal('not-loaded', /incorrect library/));
  await pipelines.retry();
  assert.throws(() => pipelines.acquire({ name: 'p' }), refusal('not-loaded', /incorrect library/));
  broken.clear();
  await pipelines.retry();
  assert.equal(await ask(), 1000);
  await pipelines.retry();
  assert.deepEqual(libraries(), { found: 3, closed: 0 });
  assert.deepEqual(told, ['p LOADING OK', 'p LOADING FAILED_PRECONDITION', 'p AVAILABLE OK']);
  await pipelines.close();
  assert.deepEqual(libraries(), { found: 3, closed: 1 });
});

const failures: [what: string, set: PipelineSet, message: string][] = [
  [
    'whose library is not in the file',
    { pipelines: [withLibrary()], libraries: [] },
    'Pipeline refers to incorrect library - Node: c; library: l; it is not in custom_node_library_config_list',
  ],
  [
    'whose library is not there',
    { pipelines: [withLibrary()], libraries: [{ name: 'l', basePath: '/none' }] },
    'Pipeline refers to incorrect library - Node: c; library: l; there is no such file',
  ],
  [
    'whose parameters are wrong',
    set(withLibrary({ wrong: 'x' })),
    'Failure during custom node library initialization - Node: c; library: l; wrong: expected nothing, got x',
  ],
];

for (const [what, wanted, message] of failures) {
  test(`a pipeline ${what} says so`, async (t) => {
    const { pipelines } = bench(t);
    await pipelines.configure(wanted);
    const [status] = pipelines.status({ name: 'p' });
    assert.deepEqual(status, { version: 1, state: 'LOADING', errorCode: 'FAILED_PRECONDITION', errorMessage: message });
  });
}
