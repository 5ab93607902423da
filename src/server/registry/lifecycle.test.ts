// Long, as each way a version can go is played on the same registry over fakes.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { FakeClock, settle } from '../../../test/support/fake-clock.ts';
import { FakeEngine, writeFakeModel } from '../../../test/support/fake-engine.ts';
import { temporaryFolder } from '../../../test/support/server.ts';
import { sleep } from '../../shared/clock.ts';
import type { WarmUp } from '../engine/warm-up.ts';
import { ServingError } from '../model/error.ts';
import type { VersionPolicy } from '../model/version-policy.ts';
import { Lifecycle } from './lifecycle.ts';
import type { Pinned } from './registry.ts';

const latest: VersionPolicy = { kind: 'latest', count: 1 };
const options = { targetDevice: 'CPU', pluginConfig: {}, inferRequests: 1 };

/** A registry over the fakes, of one model `m`; versions in `broken` do not load. */
function bench(t: Pick<TestContext, 'after'>, warmUp?: WarmUp) {
  const folder = temporaryFolder(t as TestContext);
  const engine = new FakeEngine();
  const clock = new FakeClock();
  const broken = new Set<number>();
  const changing = new Set<number>();
  const told: string[] = [];
  const registry = new Lifecycle({
    engine,
    clock,
    drainMs: 1000,
    mostWaiting: 2,
    ...(warmUp && { warmUp }),
    observer: {
      warmedUp: (_name, version, { requests }) => told.push(`${version} ran ${requests}`),
      labelMoved: (_name, label, version) => told.push(`${label} is ${version}`),
      stateChanged: (_name, { version, state, errorCode }) => told.push(`${version} ${state} ${errorCode}`),
      loading: () => () => {},
      unloading: () => () => {},
    },
  });
  for (let version = 1; version <= 4; version++) {
    writeFakeModel(join(folder, `${version}`), { precision: 'FP32', shape: [1], addend: version });
  }
  engine.beforeLoad = async (directory) => {
    if (broken.has(Number(directory.split('/').at(-1)))) throw new Error('it is broken');
  };
  let labels: Readonly<Record<string, number>> = {};
  const label = (next: typeof labels) => {
    labels = next;
  };
  const want = (policy: VersionPolicy, ...versions: [version: number, fingerprint?: string][]) => {
    const listed = versions.map(([version, fingerprint = 'a']) => ({
      version,
      fingerprint,
      directory: join(folder, `${version}`),
      unchanged: async () => !changing.has(version),
    }));
    const repository = { state: 'listed', versions: listed } as const;
    registry.want({
      models: [{ name: 'm', required: true, policy, labels: new Map(Object.entries(labels)), options, repository }],
    });
    return settle();
  };
  const states = () =>
    registry.status({ name: 'm' }).map(({ version, state, errorCode }) => `${version} ${state} ${errorCode}`);
  return { engine, clock, broken, changing, told, registry, want, label, states };
}

const refusal = (code: string) => (error: unknown) => error instanceof ServingError && error.code === code;

test('a version is warmed up before it is found, and as long as nothing ends', async (t) => {
  const warmed: string[] = [];
  const ended = Promise.withResolvers<void>();
  const { told, want, registry, states } = bench(t, async (_model, directory, signal) => {
    warmed.push(`${directory.split('/').at(-1)} while ${states()}`);
    if (warmed.length === 2) await new Promise((resolve) => signal.addEventListener('abort', resolve));
    if (warmed.length === 2) ended.resolve();
    return { kind: 'synthetic', requests: 7, failures: [] };
  });
  await want(latest, [1]);
  await want(latest, [1], [2]);
  assert.equal(registry.acquire({ name: 'm' }).version, 1);
  registry.stopLoading();
  await ended.promise;
  assert.deepEqual(warmed, ['1 while 1 LOADING OK', '2 while 1 AVAILABLE OK,2 LOADING OK']);
  assert.deepEqual(told.slice(0, 4), ['1 LOADING OK', '1 ran 7', '1 AVAILABLE OK', '2 LOADING OK']);
});

test('a model whose warm-up throws is closed, and its version has failed', async (t) => {
  const { engine, want, states } = bench(t, async () => {
    throw new Error('out of luck');
  });
  await want(latest, [1]);
  assert.deepEqual(states(), ['1 LOADING UNKNOWN']);
  assert.equal(engine.open, 0);
});

test('a version is announced through its states', async (t) => {
  const { told, want, registry } = bench(t);
  await want(latest, [1]);
  await want(latest, [1], [2]);
  assert.deepEqual(told, [
    '1 LOADING OK',
    '1 AVAILABLE OK',
    '2 LOADING OK',
    '2 AVAILABLE OK',
    '1 UNLOADING OK',
    '1 END OK',
  ]);
  assert.equal(registry.acquire({ name: 'm' }).version, 2);
});

test('what cannot be had is refused by its reason', async (t) => {
  const { want, registry, broken } = bench(t);
  assert.throws(() => registry.acquire({ name: 'm' }), refusal('not-loaded'), 'nobody knows yet what is to be served');
  await want(latest, [1]);
  assert.throws(() => registry.acquire({ name: 'nobody' }), refusal('servable-not-found'));
  broken.add(2);
  await want(latest, [1], [2]);
  assert.throws(() => registry.acquire({ name: 'm', version: 2 }), refusal('not-loaded'));
  assert.throws(() => registry.acquire({ name: 'm', version: 7 }), refusal('version-not-found'));
  await want(latest, [1], [3]);
  assert.throws(() => registry.acquire({ name: 'm', version: 1 }), refusal('version-retired'));
  assert.throws(() => registry.acquire({ name: 'm', label: 'canary' }), refusal('version-not-found'));
  assert.throws(() => registry.status({ name: 'm', version: 7 }), refusal('version-not-found'));
});

test('a label stands for its version as soon as that is available, and moves without a gap', async (t) => {
  const { want, label, registry, told, engine, broken, states } = bench(t);
  let loads = 0;
  const { beforeLoad } = engine;
  engine.beforeLoad = (directory) => {
    loads++;
    return beforeLoad(directory);
  };
  const versionOf = (name: string) => {
    const { version, release } = registry.acquire({ name: 'm', label: name });
    release();
    return version;
  };
  const stable = () => versionOf('stable');
  label({ stable: 2, canary: 3 });
  await want(latest, [1], [2], [3]);
  assert.deepEqual([stable(), versionOf('canary')], [2, 3]);
  assert.deepEqual(states(), ['2 AVAILABLE OK', '3 AVAILABLE OK']);

  told.length = 0;
  label({ stable: 3, canary: 3 });
  await want(latest, [1], [2], [3]);
  assert.deepEqual(told, ['stable is 3', '2 UNLOADING OK', '2 END OK']);
  assert.equal(loads, 2);

  broken.add(4);
  label({ stable: 4 });
  await want(latest, [3], [4]);
  assert.equal(stable(), 3);
  assert.deepEqual(
    registry.status({ name: 'm', label: 'stable' }).map(({ version }) => version),
    [3],
  );
  await want(latest, [4]);
  assert.equal(stable(), 3, 'its directory is gone as well');
  broken.clear();
  await want(latest, [4, 'b']);
  assert.equal(stable(), 4);
  assert.deepEqual(states().at(-2), '3 END OK');

  label({});
  await want(latest, [4, 'b']);
  assert.throws(stable, refusal('version-not-found'));
  assert.throws(() => registry.status({ name: 'm', label: 'stable' }), refusal('version-not-found'));
});

test('a label whose version has never been available is refused as that version is, and waited for', async (t) => {
  const { want, label, registry, engine, broken } = bench(t);
  label({ stable: 7, canary: 2 });
  broken.add(2);
  await want(latest, [1], [2]);
  const refused = (name: string) => {
    try {
      return registry.acquire({ name: 'm', label: name }).version;
    } catch (error) {
      return `${(error as ServingError).code} ${(error as Error).message}`;
    }
  };
  const notFound = 'version-not-found Model with requested version is not found';
  assert.equal(refused('stable'), `${notFound} - version 7 is not there, whose label is: stable`);
  assert.equal(refused('nobody'), `${notFound} - no version has the label: nobody`);
  assert.equal(refused('canary'), 'not-loaded Model with requested version is not loaded yet');
  assert.deepEqual(
    registry.status({ name: 'm', label: 'canary' }).map(({ errorCode }) => errorCode),
    ['UNKNOWN'],
  );
  await registry.whenLoaded({ name: 'm', label: 'nobody' }, 10_000, undefined);

  let go = () => {};
  engine.beforeLoad = () => new Promise((resolve) => (go = resolve));
  await want(latest, [1], [2, 'b']);
  const waiting = registry.whenLoaded({ name: 'm', label: 'canary' }, 10_000, undefined);
  go();
  await waiting;
  assert.equal(refused('canary'), 2);
});

test('a model that is removed takes its labels along', async (t) => {
  const { want, label, registry, states } = bench(t);
  label({ stable: 1 });
  await want(latest, [1], [2]);
  registry.want({ models: [] });
  await settle();
  assert.deepEqual(states(), ['1 END OK', '2 END OK']);
  assert.throws(() => registry.acquire({ name: 'm', label: 'stable' }), refusal('version-not-found'));
});

test('a failed version is tried again, ever more seldom, and the last good one serves', async (t) => {
  const { want, registry, broken, clock, states, engine } = bench(t);
  let loads = 0;
  const { beforeLoad } = engine;
  engine.beforeLoad = (directory) => {
    loads++;
    return beforeLoad(directory);
  };
  broken.add(2);
  await want(latest, [1]);
  await want(latest, [1], [2]);
  assert.deepEqual(states(), ['1 AVAILABLE OK', '2 LOADING UNKNOWN']);
  assert.equal(registry.status({ name: 'm', version: 2 })[0]!.errorMessage, 'Cannot read the model - it is broken');
  assert.equal(loads, 2);
  await clock.advance(1000);
  assert.equal(loads, 3);
  await clock.advance(1000);
  assert.equal(loads, 3);
  await clock.advance(1000);
  assert.equal(loads, 4);
  broken.clear();
  await clock.advance(4000);
  assert.deepEqual(states(), ['1 END OK', '2 AVAILABLE OK']);
});

test('what has failed need not wait for its turn when someone asks for it', async (t) => {
  const { registry, broken, want, states } = bench(t);
  broken.add(2);
  await want(latest, [1], [2]);
  assert.deepEqual(states(), ['1 AVAILABLE OK', '2 LOADING UNKNOWN']);
  registry.tryAgain('m');
  await registry.settled();
  assert.deepEqual(states(), ['1 AVAILABLE OK', '2 LOADING UNKNOWN']);
  broken.delete(2);
  registry.tryAgain('m');
  registry.tryAgain('nobody');
  await registry.settled();
  assert.equal(registry.acquire({ name: 'm' }).version, 2);
  assert.deepEqual(registry.causes('m'), []);
});

test('what has failed says so while it is tried again, and no longer once it is other files', async (t) => {
  const { want, broken, clock, states, engine, told } = bench(t);
  broken.add(1);
  await want(latest, [1]);
  let go = () => {};
  engine.beforeLoad = () => new Promise((resolve) => (go = resolve));
  await clock.advance(1000);
  assert.deepEqual(states(), ['1 LOADING UNKNOWN']);
  assert.deepEqual(told, ['1 LOADING OK', '1 LOADING UNKNOWN']);
  go();
  await settle();
  assert.deepEqual(states(), ['1 AVAILABLE OK']);
  engine.beforeLoad = () => Promise.reject(new Error('it is broken'));
  await want(latest, [1, 'b']);
  engine.beforeLoad = () => new Promise((resolve) => (go = resolve));
  await want(latest, [1, 'c']);
  assert.deepEqual(states(), ['1 AVAILABLE OK']);
  go();
});

test('changed files that do not load leave the old load serving, and say so', async (t) => {
  const { want, registry, broken } = bench(t);
  await want(latest, [1]);
  broken.add(1);
  await want(latest, [1, 'b']);
  const [status] = registry.status({ name: 'm' });
  assert.deepEqual([status!.state, status!.errorCode], ['AVAILABLE', 'UNKNOWN']);
  assert.equal(
    status!.errorMessage,
    'Files or options changed and could not be loaded - Cannot read the model - it is broken',
  );
  registry.acquire({ name: 'm' }).release();
  await want(latest, [1]);
  assert.equal(registry.status({ name: 'm' })[0]!.errorMessage, 'OK', 'the change was taken back');
  await want(latest, [1, 'b']);
  assert.equal(registry.status({ name: 'm' })[0]!.errorCode, 'UNKNOWN');
  broken.clear();
  await want(latest, [1, 'c']);
  assert.equal(registry.status({ name: 'm' })[0]!.errorMessage, 'OK');
});

test('a version that retires waits for those who use it, but not for ever', async (t) => {
  const { want, registry, states, engine, clock } = bench(t);
  await want(latest, [1]);
  const pinned = registry.acquire({ name: 'm' });
  await want(latest, [1], [2]);
  assert.deepEqual(states(), ['1 UNLOADING OK', '2 AVAILABLE OK']);
  assert.equal(engine.open, 2);
  pinned.release();
  await settle();
  assert.deepEqual(states(), ['1 END OK', '2 AVAILABLE OK']);
  assert.equal(engine.open, 1);
  registry.acquire({ name: 'm' });
  await want(latest, [3]);
  await clock.advance(1000);
  assert.equal(engine.open, 1);
});

test('a request may wait for a version that is being loaded', async (t) => {
  const { want, registry, engine } = bench(t);
  let go = () => {};
  engine.beforeLoad = () => new Promise((resolve) => (go = resolve));
  await want(latest, [1]);
  let waited = false;
  const waiting = registry.whenLoaded({ name: 'm' }, 10_000, undefined).then(() => {
    waited = true;
  });
  const gone = registry.whenLoaded({ name: 'm' }, 10_000, AbortSignal.abort(new ServingError('cancelled', 'gone')));
  await assert.rejects(gone, refusal('cancelled'));
  assert.equal(waited, false);
  go();
  await waiting;
  assert.equal(registry.acquire({ name: 'm' }).version, 1);
  await registry.whenLoaded({ name: 'm', version: 7 }, 10_000, undefined);
});

test('what is being written is not loaded, nor served if it was written while it was read', async (t) => {
  const { want, engine, changing, states, registry } = bench(t);
  await want(latest, [1]);
  changing.add(2);
  let loads = 0;
  engine.beforeLoad = async () => {
    loads++;
  };
  await want(latest, [1], [2]);
  assert.deepEqual(states(), ['1 AVAILABLE OK', '2 LOADING OK']);
  assert.equal(loads, 0);
  changing.clear();
  engine.beforeLoad = async () => {
    changing.add(2);
  };
  await want(latest, [1], [2, 'b']);
  assert.deepEqual(states(), ['1 AVAILABLE OK', '2 LOADING OK']);
  assert.equal(engine.open, 1);
  assert.match(registry.status({ name: 'm', version: 2 })[0]!.errorMessage, /^Files are being changed/);
  changing.clear();
  engine.beforeLoad = async () => {};
  await want(latest, [1], [2, 'c']);
  assert.deepEqual(states(), ['1 END OK', '2 AVAILABLE OK']);
});

test('a version that is wanted again while its old load drains is loaded beside that', async (t) => {
  const { want, registry, states, engine } = bench(t);
  await want(latest, [1]);
  const pinned = registry.acquire({ name: 'm' });
  registry.want({ models: [] });
  await settle();
  assert.deepEqual(states(), ['1 UNLOADING OK']);
  await want(latest, [1]);
  assert.deepEqual(states(), ['1 AVAILABLE OK']);
  assert.equal(engine.open, 2);
  pinned.release();
  await settle();
  assert.deepEqual(states(), ['1 AVAILABLE OK']);
  assert.equal(engine.open, 1);
});

test('versions in line are told, and only so many requests wait for them', async (t) => {
  const { want, registry, engine, states } = bench(t);
  let go = () => {};
  engine.beforeLoad = () => new Promise((resolve) => (go = resolve));
  await want({ kind: 'all' }, [1], [2]);
  assert.deepEqual(states(), ['1 START OK', '2 LOADING OK']);
  assert.throws(() => registry.acquire({ name: 'm', version: 1 }), refusal('not-loaded'));
  const waiting = [1, 2].map(() => registry.whenLoaded({ name: 'm' }, 10_000, undefined));
  await assert.rejects(registry.whenLoaded({ name: 'm' }, 10_000, undefined), refusal('resource-exhausted'));
  go();
  await Promise.all(waiting);
  const more = registry.whenLoaded({ name: 'm', version: 1 }, 10_000, undefined);
  go();
  await more;
  assert.equal(registry.acquire({ name: 'm', version: 1 }).version, 1);
});

test('all is settled once each version has been tried, though failed ones are tried again and again', async (t) => {
  const { want, registry, clock, engine } = bench(t);
  const tried: string[] = [];
  engine.beforeLoad = async (directory) => {
    tried.push(directory.split('/').at(-1)!);
    await sleep(clock, 2000);
    throw new Error('it is broken');
  };
  await want({ kind: 'all' }, [1], [2], [3], [4]);
  let settled = false;
  const settling = registry.settled().then(() => {
    settled = true;
  });
  for (let second = 0; second < 30 && !settled; second++) await clock.advance(1000);
  await settling;
  assert.deepEqual(tried.slice(0, 4), ['4', '3', '2', '1']);
});

test('all is settled no sooner than the last first try, whatever retries and retires meanwhile', async (t) => {
  const { want, registry, engine, broken, clock, states } = bench(t);
  broken.add(4);
  await want(latest, [4]);
  let go = () => {};
  engine.beforeLoad = (directory) =>
    new Promise((resolve, reject) => {
      go = () => (broken.has(Number(directory.split('/').at(-1))) ? reject(new Error('it is broken')) : resolve());
    });
  await clock.advance(1000);
  // The retry of 4 runs; 1 has not been tried.
  await want(latest, [1], [4]);
  let isSettled = false;
  const settled = registry.settled().then(() => {
    isSettled = true;
  });
  await settle();
  assert.deepEqual([isSettled, states()], [false, ['1 START OK', '4 LOADING UNKNOWN']]);
  go();
  await settle();
  assert.deepEqual([isSettled, states()], [false, ['1 LOADING OK', '4 LOADING UNKNOWN']]);
  // What failed is taken away while 1 is tried.
  await want(latest, [1]);
  assert.equal(isSettled, false);
  go();
  await settled;
  assert.deepEqual(states(), ['1 AVAILABLE OK', '4 END OK']);
});

test('requests wait for the version that stands in for one that failed, and for one that is wanted again', async (t) => {
  const { want, registry, engine, broken, states } = bench(t);
  broken.add(2);
  await want(latest, [2]);
  let go = () => {};
  engine.beforeLoad = () => new Promise((resolve) => (go = resolve));
  await want(latest, [1], [2]);
  assert.deepEqual(states(), ['1 LOADING OK', '2 LOADING UNKNOWN']);
  let waited = registry.whenLoaded({ name: 'm' }, 10_000, undefined);
  go();
  await waited;
  assert.equal(registry.acquire({ name: 'm' }).version, 1);

  await want({ kind: 'all' }, [3]);
  go();
  await settle();
  assert.deepEqual(states().slice(0, 1), ['1 UNLOADING OK']);
  await want({ kind: 'all' }, [3], [4]);
  // 4 is being loaded, and 1 stands in line behind it.
  await want({ kind: 'all' }, [1], [3], [4]);
  assert.throws(() => registry.acquire({ name: 'm', version: 1 }), refusal('not-loaded'));
  waited = registry.whenLoaded({ name: 'm', version: 1 }, 10_000, undefined);
  go();
  await settle();
  go();
  await waited;
  assert.equal(registry.acquire({ name: 'm', version: 1 }).version, 1);
});

test('closing unloads everything', async (t) => {
  const { want, registry, engine } = bench(t);
  await want({ kind: 'all' }, [1], [2], [3]);
  assert.equal(await registry.close(1000), true);
  assert.equal(engine.open, 0);
  await engine.close();
});

test('whatever comes, once a version serves there is always one, and nothing that is used is unloaded; a label that stands for one goes on to', async (t) => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('want' as const),
      versions: fc.subarray([1, 2, 3, 4]),
      policy: fc.constantFrom<VersionPolicy>(latest, { kind: 'latest', count: 2 }, { kind: 'all' }),
      print: fc.constantFrom('a', 'b'),
    }),
    fc.record({ kind: fc.constant('break' as const), version: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ kind: fc.constant('mend' as const), version: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ kind: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 5000 }) }),
    fc.record({ kind: fc.constant('label' as const), version: fc.integer({ min: 1, max: 4 }) }),
    fc.constant({ kind: 'pin' as const }),
    fc.constant({ kind: 'unpin' as const }),
  );
  const cleanUps: (() => void)[] = [];
  t.after(() => {
    for (const cleanUp of cleanUps) cleanUp();
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const { want, label, registry, broken, clock, engine } = bench({
        after: (cleanUp) => cleanUps.push(cleanUp as () => void),
      });
      const pins: Pinned[] = [];
      let served = false;
      let isBound = false;
      const askLabelled = () => registry.acquire({ name: 'm', label: 'stable' }).release();
      for (const each of steps) {
        if (each.kind === 'want')
          await want(each.policy, ...each.versions.map((version): [number, string] => [version, each.print]));
        else if (each.kind === 'break') broken.add(each.version);
        else if (each.kind === 'mend') broken.delete(each.version);
        else if (each.kind === 'label') label({ stable: each.version });
        else if (each.kind === 'advance') await clock.advance(each.ms);
        else if (each.kind === 'pin' && served) pins.push(registry.acquire({ name: 'm' }));
        else if (each.kind === 'unpin') pins.pop()?.release();
        await settle();
        const ready = registry.readiness()?.models.get('m') ?? false;
        assert.ok(ready || !served, 'nothing serves any more');
        served ||= ready;
        if (served) registry.acquire({ name: 'm' }).release();
        if (!isBound) {
          try {
            askLabelled();
            isBound = true;
          } catch {
            // It has not stood for anything yet.
          }
        } else askLabelled();
      }
      for (const pin of pins) pin.release();
      broken.clear();
      label({});
      await want(latest, [4, 'z']);
      await clock.advance(120_000);
      assert.equal(registry.acquire({ name: 'm' }).version, 4);
      const closing = registry.close(1000);
      await clock.advance(2000);
      await closing;
      assert.equal(engine.open, 0);
    }),
    { numRuns: 60 },
  );
});
