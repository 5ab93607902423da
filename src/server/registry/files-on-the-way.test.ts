import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { FakeClock, settle } from '../../../test/support/fake-clock.ts';
import { FakeEngine, writeFakeModel } from '../../../test/support/fake-engine.ts';
import { temporaryFolder } from '../../../test/support/server.ts';
import { FilesChanged, type Repository } from '../model/wanted.ts';
import { Lifecycle } from './lifecycle.ts';

const options = { targetDevice: 'CPU', pluginConfig: {}, inferRequests: 1 };

interface Asked {
  readonly version: number;
  readonly signal: AbortSignal;
  /** They are here, or cannot be had. */
  end(error?: Error): Promise<void>;
}

/** A registry of one model `m` with the policy "latest", whose files are kept elsewhere; the test decides when they come. */
function bench(t: TestContext) {
  const folder = temporaryFolder(t);
  const engine = new FakeEngine();
  const clock = new FakeClock();
  const observer = { stateChanged: () => {}, loading: () => () => {}, unloading: () => () => {} };
  const registry = new Lifecycle({ engine, clock, drainMs: 1000, mostWaiting: 2, observer });
  for (const version of [1, 2, 3]) {
    writeFakeModel(join(folder, `${version}`), { precision: 'FP32', shape: [1], addend: version });
  }
  const asked: Asked[] = [];
  /** Versions whose files are held, once for each time. */
  const held: number[] = [];
  /** Versions whose files are not as they were fetched. */
  const damaged = new Set<number>();
  const fetch = (version: number, signal: AbortSignal) =>
    new Promise<{ release(): void }>((resolve, reject) => {
      const end = (error?: Error) => {
        if (error) reject(error);
        else {
          held.push(version);
          resolve({ release: () => void held.splice(held.indexOf(version), 1) });
        }
        return settle();
      };
      asked.push({ version, signal, end });
    });
  const wantRepository = (repository: Repository, model: object = {}) => {
    const policy = { kind: 'latest', count: 1 } as const;
    registry.want({
      models: [{ name: 'm', required: true, policy, labels: new Map(), options, repository, ...model }],
    });
    return settle();
  };
  const want = (versions: readonly number[], model?: object) => {
    const listed = versions.map((version) => ({
      version,
      directory: join(folder, `${version}`),
      fingerprint: 'a',
      unchanged: async () => !damaged.has(version),
      fetch: (signal: AbortSignal) => fetch(version, signal),
    }));
    return wantRepository({ state: 'listed', versions: listed }, model);
  };
  const states = () =>
    registry.status({ name: 'm' }).map(({ version, state, errorMessage }) => `${version} ${state} ${errorMessage}`);
  return { asked, clock, damaged, engine, held, registry, states, want, wantRepository };
}

test('files are fetched for the version that is in line, held while it serves, and let go of when it is unloaded', async (t) => {
  const { asked, held, states, want } = bench(t);
  await want([1, 2]);
  assert.deepEqual(
    asked.map(({ version }) => version),
    [2],
  );
  assert.deepEqual(states(), ['2 START Files are being fetched; they are read once they are here']);
  await asked[0]!.end();
  assert.deepEqual([states(), held], [['2 AVAILABLE OK'], [2]]);
  await want([1, 2, 3]);
  await asked[1]!.end();
  assert.deepEqual([states(), held], [['2 END OK', '3 AVAILABLE OK'], [3]]);
});

test('a fetch holds up no load of another version, nor does the start wait for one that was tried', async (t) => {
  const { asked, clock, registry, states, want } = bench(t);
  await want([1, 2], { policy: { kind: 'all' } });
  let isSettled = false;
  registry.settled().then(() => {
    isSettled = true;
  });
  await asked.find(({ version }) => version === 1)!.end();
  assert.equal(registry.acquire({ name: 'm' }).version, 1);
  assert.equal(isSettled, false);
  await asked.find(({ version }) => version === 2)!.end(new Error('the line is cut'));
  assert.equal(isSettled, true);
  assert.deepEqual(states(), ['1 AVAILABLE OK', '2 LOADING the line is cut']);
  await clock.advance(1000);
  assert.deepEqual(
    states(),
    ['1 AVAILABLE OK', '2 LOADING the line is cut'],
    'it has failed also while it is tried again',
  );
  await asked[2]!.end();
  assert.deepEqual(states(), ['1 AVAILABLE OK', '2 AVAILABLE OK']);
});

test('the next version stands in for one that cannot be fetched', async (t) => {
  const { asked, states, want } = bench(t);
  await want([1, 2]);
  await asked[0]!.end(new Error('denied'));
  assert.equal(asked[1]!.version, 1);
  await asked[1]!.end();
  assert.deepEqual(states(), ['1 AVAILABLE OK', '2 LOADING denied']);
});

test('files that changed on their way are being written, which is no failure', async (t) => {
  const { asked, registry, states, want } = bench(t);
  await want([1]);
  await asked[0]!.end(new FilesChanged('model.xml is another one now'));
  assert.match(states()[0]!, /^1 LOADING Files are being changed/);
  assert.equal(registry.status({ name: 'm' })[0]!.errorCode, 'OK');
});

test('whoever is no longer wanted does not get files, and those that come too late are let go of', async (t) => {
  const { asked, held, want } = bench(t);
  await want([1]);
  await want([1, 2]);
  assert.equal(asked[0]!.signal.aborted, true);
  await asked[0]!.end();
  assert.deepEqual(held, []);
  assert.deepEqual(
    asked.map(({ version }) => version),
    [1, 2],
  );
});

test('files that are not as they were fetched are fetched again', async (t) => {
  const { asked, clock, damaged, held, states, want } = bench(t);
  damaged.add(1);
  await want([1]);
  await asked[0]!.end();
  assert.deepEqual(held, []);
  damaged.delete(1);
  await clock.advance(1000);
  await asked[1]!.end();
  assert.deepEqual([states(), held], [['1 AVAILABLE OK'], [1]]);
});

test('while the store cannot be listed, what serves goes on and says so', async (t) => {
  const { asked, held, registry, states, want, wantRepository } = bench(t);
  await want([1]);
  await asked[0]!.end();
  await wantRepository({ state: 'unreadable', cause: 's3://b/m: refused' });
  const told = '1 AVAILABLE The base path cannot be read; what is loaded stays - s3://b/m: refused';
  assert.deepEqual([states(), held], [[told], [1]]);
  assert.equal(registry.acquire({ name: 'm' }).version, 1);
  await want([1]);
  assert.deepEqual(states(), ['1 AVAILABLE OK']);
  assert.equal(asked.length, 1);
});

test('at the end what is on its way is not waited for, and all is let go of', async (t) => {
  const { asked, engine, held, registry, want } = bench(t);
  await want([1]);
  await asked[0]!.end();
  await want([1, 2]);
  registry.stopLoading();
  assert.equal(asked[1]!.signal.aborted, true);
  assert.equal(await registry.close(1000), true);
  assert.deepEqual([held, engine.open, asked.length], [[], 0, 2]);
});
