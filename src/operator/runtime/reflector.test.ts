// Long, as one scripted API server tells all that a watch can meet with.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { captureLog } from '../../../test/support/captured-log.ts';
import { FakeClock, settle } from '../../../test/support/fake-clock.ts';
import type { Cluster, ListOptions, Page, WatchEvent, WatchOptions } from '../cluster/cluster.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import type { Kind, KubeObject } from '../cluster/kube-object.ts';
import type { Change } from './mirror.ts';
import { Reflector, type ReflectorOptions } from './reflector.ts';
import { Store } from './store.ts';

const kind: Kind = { apiVersion: 'v1', kind: 'Thing', plural: 'things', namespaced: true };

interface ListCall {
  readonly type: 'list';
  readonly at: number;
  readonly options: ListOptions;
  readonly answer: (page: Partial<Page<KubeObject>>) => Promise<void>;
  readonly fail: (error: unknown) => Promise<void>;
}
interface WatchCall {
  readonly type: 'watch';
  readonly at: number;
  readonly options: WatchOptions;
  readonly emit: (...events: WatchEvent<KubeObject>[]) => Promise<void>;
  readonly end: () => Promise<void>;
  readonly fail: (error: unknown) => Promise<void>;
}

/** A cluster that answers only what the test has it answer, and does not even heed an aborted signal. */
class ScriptedCluster implements Pick<Cluster, 'list' | 'watch'> {
  readonly calls: (ListCall | WatchCall)[] = [];
  readonly #clock: FakeClock;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  list<T extends KubeObject>(_: Kind, options: ListOptions): Promise<Page<T>> {
    return new Promise((resolve, reject) => {
      this.calls.push({
        type: 'list',
        at: this.#clock.now(),
        options,
        answer: (page) => {
          resolve({ items: [], resourceVersion: '1', ...page } as Page<T>);
          return settle();
        },
        fail: (error) => {
          reject(error);
          return settle();
        },
      });
    });
  }

  watch<T extends KubeObject>(_: Kind, options: WatchOptions, onEvent: (event: WatchEvent<T>) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.calls.push({
        type: 'watch',
        at: this.#clock.now(),
        options,
        emit: (...events) => {
          for (const event of events) onEvent(event as WatchEvent<T>);
          return settle();
        },
        end: () => {
          resolve();
          return settle();
        },
        fail: (error) => {
          reject(error);
          return settle();
        },
      });
    });
  }

  get last(): ListCall | WatchCall {
    return this.calls.at(-1)!;
  }

  /** The last call, which has to be a list. */
  get listing(): ListCall {
    const { last } = this;
    assert.ok(last.type === 'list', 'a list was expected');
    return last;
  }

  get watching(): WatchCall {
    const { last } = this;
    assert.ok(last.type === 'watch', 'a watch was expected');
    return last;
  }
}

const thing = (
  name: string,
  resourceVersion: string,
  { uid = `uid of ${name}`, namespace = 'ns' } = {},
): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: { name, namespace, uid, resourceVersion },
});
const bookmark = (resourceVersion: string) => ({ type: 'bookmark', resourceVersion }) as const;

async function setUp(t: TestContext, options: Partial<ReflectorOptions<KubeObject>> = {}) {
  const clock = new FakeClock();
  const cluster = new ScriptedCluster(clock);
  const store = new Store<KubeObject>();
  const captured = captureLog();
  const changes: string[] = [];
  const reflector = new Reflector({
    cluster,
    clock,
    log: captured.log,
    kind,
    store,
    onChange: ({ type, key, object, old }: Change<KubeObject>) => {
      const before = old ? `${old.metadata.resourceVersion} → ` : '';
      changes.push(`${type} ${key} ${before}${object.metadata.resourceVersion}`);
    },
    random: () => 0,
    ...options,
  });
  reflector.start();
  t.after(() => reflector.stop());
  await settle();
  /** The changes since this was last asked for. */
  const news = () => changes.splice(0);
  return { clock, cluster, store, reflector, news, ...captured };
}

/** As far as a watch that goes on from version 10. */
async function setUpWatching(t: TestContext, options: Partial<ReflectorOptions<KubeObject>> = {}) {
  const all = await setUp(t, options);
  await all.cluster.listing.answer({ items: [thing('a', '5'), thing('b', '6')], resourceVersion: '10' });
  all.news();
  return all;
}

test('it lists page by page, is in sync then, and watches on from there', async (t) => {
  const { cluster, reflector, news, store } = await setUp(t, { namespace: 'ns', labelSelector: 'x=y' });
  assert.deepEqual(
    { ...cluster.listing.options, signal: 0 },
    { namespace: 'ns', labelSelector: 'x=y', limit: 500, signal: 0 },
  );
  await cluster.listing.answer({ items: [thing('a', '5')], resourceVersion: '10', continue: 'more' });
  assert.equal(reflector.hasSynced, false);
  assert.equal(reflector.served, undefined);
  assert.equal(cluster.listing.options.continue, 'more');
  await cluster.listing.answer({ items: [thing('b', '6')], resourceVersion: '10' });
  await reflector.synced;
  assert.deepEqual([reflector.hasSynced, reflector.served], [true, true]);
  assert.deepEqual(news(), ['added ns/a 5', 'added ns/b 6']);
  assert.equal(store.size, 2);
  assert.deepEqual(
    { ...cluster.watching.options, signal: 0 },
    { namespace: 'ns', labelSelector: 'x=y', resourceVersion: '10', timeoutSeconds: 600, signal: 0 },
  );
});

test('a watch lasts between 5 and 10 minutes', async (t) => {
  const { cluster } = await setUpWatching(t, { random: () => 1 });
  assert.equal(cluster.watching.options.timeoutSeconds, 300);
});

test('each event is in the store when it is told', async (t) => {
  const { cluster, news, store } = await setUpWatching(t);
  await cluster.watching.emit(
    { type: 'added', object: thing('c', '11') },
    { type: 'modified', object: thing('a', '12') },
    { type: 'deleted', object: thing('b', '13') },
    { type: 'deleted', object: thing('never-seen', '14') },
    bookmark('20'),
  );
  assert.deepEqual(news(), ['added ns/c 11', 'modified ns/a 5 → 12', 'deleted ns/b 13']);
  assert.deepEqual([...store.entries()].map(([key]) => key).sort(), ['ns/a', 'ns/c']);
});

test('one that was deleted and made anew unseen is told as both', async (t) => {
  const { cluster, news } = await setUpWatching(t);
  await cluster.watching.emit({ type: 'modified', object: thing('a', '11', { uid: 'another' }) });
  assert.deepEqual(news(), ['deleted ns/a 5', 'added ns/a 11']);
});

test('a watch that ends is gone on with from the last version, be it an event or a bookmark', async (t) => {
  const { clock, cluster } = await setUpWatching(t);
  for (const [event, version] of [
    [{ type: 'modified', object: thing('a', '12') }, '12'],
    [bookmark('34'), '34'],
    [{ type: 'deleted', object: thing('a', '35') }, '35'],
  ] as const) {
    await clock.advance(2000);
    await cluster.watching.emit(event);
    await cluster.watching.end();
    assert.equal(cluster.watching.options.resourceVersion, version);
    assert.equal(cluster.watching.at, clock.now());
  }
});

test('watches that end at once do not spin', async (t) => {
  const { clock, cluster } = await setUpWatching(t);
  const began: number[] = [];
  for (let n = 0; n < 8; n++) {
    began.push(cluster.watching.at);
    await cluster.watching.end();
    await clock.advance(40_000);
  }
  const gaps = began.slice(1).map((at, n) => at - began[n]!);
  assert.deepEqual(
    gaps.map((gap) => gap >= 1000),
    gaps.map(() => true),
  );
  assert.equal(cluster.calls.length, 10);
});

test('watches that bring something and end at once begin no more often than once a second', async (t) => {
  const { clock, cluster } = await setUpWatching(t);
  for (let n = 0; n < 5; n++) {
    const { at, emit, end } = cluster.watching;
    await emit(bookmark(`${20 + n}`));
    await clock.advance(100);
    await end();
    await clock.advance(899);
    assert.equal(cluster.watching.at, at);
    await clock.advance(1);
    assert.equal(cluster.watching.at, at + 1000);
  }
});

test('a version that is too old is listed anew, and what vanished meanwhile is told as deleted', async (t) => {
  const { clock, cluster, news, reflector } = await setUpWatching(t);
  await clock.advance(60_000);
  await cluster.watching.fail(new ClusterError('gone', 'too old'));
  await clock.advance(800);
  await cluster.listing.answer({ items: [thing('b', '6'), thing('c', '40')], resourceVersion: '50' });
  assert.deepEqual(news(), ['added ns/c 40', 'deleted ns/a 5']);
  assert.equal(cluster.watching.options.resourceVersion, '50');
  assert.ok(reflector.hasSynced);
});

test('lists because of old versions come ever more seldom', async (t) => {
  const { clock, cluster } = await setUpWatching(t);
  const lists: number[] = [];
  for (let n = 0; n < 8; n++) {
    await cluster.watching.fail(new ClusterError('gone', 'too old'));
    const failedAt = clock.now();
    while (cluster.last.type === 'watch') await clock.advance(100);
    lists.push(clock.now() - failedAt);
    await cluster.listing.answer({ resourceVersion: '10' });
  }
  assert.deepEqual(lists, [800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
});

test('a list whose pages have become too old is made anew in one', async (t) => {
  const { clock, cluster, news } = await setUp(t);
  await cluster.listing.answer({ items: [thing('a', '5')], resourceVersion: '10', continue: 'more' });
  await cluster.listing.fail(new ClusterError('gone', 'the continue token has expired'));
  await clock.advance(800);
  assert.deepEqual({ ...cluster.listing.options, signal: 0 }, { signal: 0 });
  await cluster.listing.answer({ items: [thing('b', '11')], resourceVersion: '12' });
  assert.deepEqual(news(), ['added ns/a 5', 'added ns/b 11', 'deleted ns/a 5']);
  await clock.advance(60_000);
  await cluster.watching.fail(new ClusterError('gone', 'too old'));
  await clock.advance(800);
  assert.equal(cluster.listing.options.limit, 500);
});

test('other failures are tried again later and later, from the last version, and a success is a fresh start', async (t) => {
  const { clock, cluster } = await setUpWatching(t);
  const waits: number[] = [];
  const failOnce = async (error: unknown) => {
    const { calls } = cluster;
    const before = calls.length;
    await cluster.watching.fail(error);
    const failedAt = clock.now();
    while (calls.length === before) await clock.advance(100);
    waits.push(clock.now() - failedAt);
    assert.equal(cluster.watching.options.resourceVersion, '10');
  };
  for (let n = 0; n < 7; n++) await failOnce(new ClusterError('unavailable', 'reset'));
  await failOnce(new Error('the adapter is broken'));
  await cluster.watching.emit(bookmark('10'));
  await failOnce(new ClusterError('unavailable', 'reset'));
  assert.deepEqual(waits, [800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000, 800]);
});

test('failing lists are tried again as well, and the API server may ask for more time', async (t) => {
  const { clock, cluster } = await setUp(t);
  await cluster.listing.fail(new ClusterError('throttled', 'slow down', { retryAfterMs: 5000 }));
  await clock.advance(4999);
  assert.equal(cluster.calls.length, 1);
  await clock.advance(1);
  await cluster.listing.fail(new ClusterError('throttled', 'slow down', { retryAfterMs: 1e9 }));
  await clock.advance(60_000);
  assert.equal(cluster.calls.length, 3);
  await cluster.listing.answer({});
  assert.equal(cluster.last.type, 'watch');
});

test('waits are spread by chance', async (t) => {
  const { clock, cluster } = await setUpWatching(t, { random: () => 1 });
  await cluster.watching.fail(new ClusterError('unavailable', 'reset'));
  await clock.advance(400);
  assert.equal(cluster.calls.length, 3);
});

test('a watch that goes silent is given up and gone on with, and what it says later is not heard', async (t) => {
  const { clock, cluster, news, messages } = await setUpWatching(t);
  const { watching } = cluster;
  await clock.advance(99_999);
  await watching.emit(bookmark('20'));
  await clock.advance(99_999);
  assert.equal(cluster.watching, watching);
  await clock.advance(1);
  assert.notEqual(cluster.watching, watching);
  assert.equal(cluster.watching.options.resourceVersion, '20');
  assert.ok(watching.options.signal?.aborted);
  await watching.emit({ type: 'deleted', object: thing('a', '30') }, bookmark('31'));
  await watching.end();
  assert.deepEqual(news(), []);
  assert.deepEqual(
    messages().filter((line) => line.includes('silent')),
    ['debug: The watch has gone silent; watching on from its last version'],
  );
});

test('a watch that the API server does not end in time is ended', async (t) => {
  const { clock, cluster } = await setUpWatching(t);
  const { watching } = cluster;
  for (let minute = 1; minute <= 10; minute++) {
    await clock.advance(60_000);
    await watching.emit(bookmark(`${100 + minute}`));
  }
  await clock.advance(29_999);
  assert.equal(cluster.watching, watching);
  await clock.advance(1);
  assert.notEqual(cluster.watching, watching);
  assert.equal(cluster.watching.options.resourceVersion, '110');
});

test('a list that gets no answer is made anew', async (t) => {
  const { clock, cluster } = await setUp(t);
  await clock.advance(60_000 + 800);
  assert.equal(cluster.calls.length, 2);
  assert.ok(cluster.calls[0]?.options.signal?.aborted);
  assert.equal(cluster.last.type, 'list');
});

test('now and then it lists anew, and tells only what it had missed', async (t) => {
  const { clock, cluster, news } = await setUpWatching(t);
  for (let minutes = 0; minutes < 60; minutes += 2) {
    await cluster.watching.emit(bookmark(`${100 + minutes}`));
    await clock.advance(120_000);
    if (minutes < 58) await cluster.watching.end();
  }
  await cluster.watching.end();
  await cluster.listing.answer({ items: [thing('a', '5'), thing('b', '50')], resourceVersion: '200' });
  assert.deepEqual(news(), ['modified ns/b 6 → 50']);
  assert.equal(cluster.watching.options.resourceVersion, '200');
});

test('a version that fails and fails is given up', async (t) => {
  const { clock, cluster } = await setUpWatching(t);
  for (let n = 0; n < 10; n++) {
    await cluster.watching.fail(new ClusterError('unavailable', 'Too large resource version'));
    await clock.advance(30_000);
  }
  await cluster.listing.answer({ resourceVersion: '3' });
  assert.equal(cluster.watching.options.resourceVersion, '3');
});

test('a kind that is not served is asked for again slowly, and followed once it is', async (t) => {
  const { clock, cluster, reflector, news } = await setUp(t);
  await cluster.listing.fail(new ClusterError('not-found', 'no such kind'));
  await reflector.synced;
  assert.equal(reflector.served, false);
  for (let n = 0; n < 3; n++) {
    const { length } = cluster.calls;
    await clock.advance(29_999);
    assert.equal(cluster.calls.length, length);
    await clock.advance(1);
    await cluster.listing.fail(new ClusterError('not-found', 'no such kind'));
  }
  await clock.advance(30_000);
  await cluster.listing.answer({ items: [thing('a', '5')], resourceVersion: '10' });
  assert.equal(reflector.served, true);
  assert.deepEqual(news(), ['added ns/a 5']);
});

test('what it may not read is an answer too; it asks on, quietly, until it may', async (t) => {
  const { cluster, reflector, clock, messages } = await setUp(t);
  const forbidden = new ClusterError('forbidden', 'things is forbidden');
  await cluster.listing.fail(forbidden);
  await reflector.answered;
  assert.deepEqual([reflector.hasSynced, reflector.refusal], [false, 'things is forbidden']);
  for (let turn = 0; turn < 5; turn++) {
    await clock.advance(30_000);
    await cluster.listing.fail(forbidden);
  }
  assert.deepEqual(
    messages().filter((message) => !message.startsWith('debug')),
    [],
  );
  await clock.advance(30_000);
  await cluster.listing.answer({ resourceVersion: '10' });
  await reflector.synced;
  assert.equal(reflector.refusal, undefined);
  // What was allowed once is told of, once.
  await cluster.watching.fail(forbidden);
  assert.equal(reflector.refusal, 'things is forbidden');
  await clock.advance(30_000);
  await cluster.watching.fail(forbidden);
  assert.deepEqual(
    messages().filter((message) => message.startsWith('warn')),
    ['warn: Lists and watches fail'],
  );
  await clock.advance(30_000);
  await cluster.watching.emit(bookmark('11'));
  assert.equal(reflector.refusal, undefined);
});

test('when its kind is removed, all that was there is deleted', async (t) => {
  const { clock, cluster, reflector, news } = await setUpWatching(t);
  await cluster.watching.fail(new ClusterError('not-found', 'no such kind'));
  await clock.advance(800);
  await cluster.listing.fail(new ClusterError('not-found', 'no such kind'));
  assert.deepEqual(news(), ['deleted ns/a 5', 'deleted ns/b 6']);
  assert.equal(reflector.served, false);
});

test('neither a callback that throws nor an event that is none harms it', async (t) => {
  let told = 0;
  const { cluster, store, messages } = await setUpWatching(t, {
    onChange: () => {
      told++;
      throw new TypeError('a fault');
    },
  });
  const broken = { type: 'added', object: undefined } as unknown as WatchEvent<KubeObject>;
  await cluster.watching.emit(broken, { type: 'added', object: thing('c', '11') });
  assert.equal(told, 3);
  assert.equal(store.size, 3);
  assert.deepEqual(
    messages().filter((line) => line.startsWith('error')),
    [
      'error: What is to be done when one is added failed',
      'error: What is to be done when one is added failed',
      'error: An event of the watch could not be taken in',
      'error: What is to be done when one is added failed',
    ],
  );
});

test('reflectors for a namespace each share a store without harm', async (t) => {
  const store = new Store<KubeObject>();
  const one = await setUp(t, { namespace: 'one', store });
  const two = await setUp(t, { namespace: 'two', store });
  await one.cluster.listing.answer({ items: [thing('a', '1', { namespace: 'one' })] });
  await two.cluster.listing.answer({ items: [thing('a', '2', { namespace: 'two' })] });
  assert.equal(store.size, 2);
  await two.cluster.watching.fail(new ClusterError('gone', 'too old'));
  await two.clock.advance(800);
  await two.cluster.listing.answer({ items: [] });
  assert.deepEqual(
    [...store.entries()].map(([key]) => key),
    ['one/a'],
  );
});

test('it knows when it was last alive, in bad times too', async (t) => {
  const { clock, cluster, reflector } = await setUpWatching(t);
  const age = () => clock.now() - reflector.lastAliveAt;
  await clock.advance(70_000);
  assert.equal(age(), 70_000);
  await cluster.watching.emit(bookmark('20'));
  assert.equal(age(), 0);
  let oldest = 0;
  await cluster.watching.fail(new ClusterError('unavailable', 'refused'));
  for (let second = 0; second < 600; second++) {
    if (second % 20 === 0) await cluster.last.fail(new ClusterError('unavailable', 'refused'));
    await clock.advance(1000);
    oldest = Math.max(oldest, age());
  }
  assert.ok(oldest <= 60_000, `${oldest}`);
});

test('stopping ends it at once, wherever it is, and leaves nothing behind', async (t) => {
  const states: [string, (all: Awaited<ReturnType<typeof setUp>>) => unknown][] = [
    ['listing', () => {}],
    ['watching', ({ cluster }) => cluster.listing.answer({})],
    ['waiting', ({ cluster }) => cluster.listing.fail(new ClusterError('unavailable', 'refused'))],
    ['waiting for its kind', ({ cluster }) => cluster.listing.fail(new ClusterError('not-found', 'no such kind'))],
  ];
  for (const [name, reach] of states) {
    const all = await setUp(t);
    const { clock, cluster, reflector } = all;
    await reach(all);
    const { length } = cluster.calls;
    const synced = reflector.hasSynced;
    await reflector.stop();
    if (!synced) await assert.rejects(reflector.synced, { message: 'The reflector is stopped' }, name);
    await clock.advance(1_000_000);
    assert.equal(cluster.calls.length, length, name);
    assert.equal(clock.waiting, 0, name);
  }
});

test('one that was never started stops as well', async () => {
  const clock = new FakeClock();
  const cluster = new ScriptedCluster(clock);
  const { log } = captureLog();
  await new Reflector({ cluster, clock, log, kind, store: new Store(), onChange: () => {} }).stop();
  assert.deepEqual(cluster.calls, []);
});
