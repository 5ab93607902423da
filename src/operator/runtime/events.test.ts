import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { captureLog } from '../../../test/support/captured-log.ts';
import { FakeClock, settle } from '../../../test/support/fake-clock.ts';
import type { ObjectKey } from '../cluster/cluster.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import type { Kind, KubeObject } from '../cluster/kube-object.ts';
import type { EventContent, EventObject } from './event-object.ts';
import { Events, type EventsOptions } from './events.ts';

const server = (name: string): KubeObject => ({
  apiVersion: 'modelserver.dev/v1alpha1',
  kind: 'ModelServer',
  metadata: { name, namespace: 'ns', uid: `uid of ${name}`, resourceVersion: '7', labels: { a: 'b' } },
});
const failed: EventContent = {
  regarding: server('x'),
  type: 'Warning',
  reason: 'ModelLoadFailed',
  action: 'Reconcile',
  note: 'Version 3 of resnet does not load',
};
const began = Date.UTC(2030, 0, 1);

/** An API server that has events, and can fail. */
class EventServer implements Pick<EventsOptions['cluster'], 'create' | 'merge'> {
  readonly events = new Map<string, EventObject>();
  writes = 0;
  failWith: unknown;
  hangs = false;
  /** Fails after having done it. */
  losesAnswers = false;

  create<T extends KubeObject>(kind: Kind, object: T): Promise<T> {
    assert.equal(kind.plural, 'events');
    return this.#call(() => {
      const key = `${object.metadata.namespace}/${object.metadata.name}`;
      if (this.events.has(key)) throw new ClusterError('already-exists', key);
      this.events.set(key, object as unknown as EventObject);
      return object;
    });
  }

  merge<T extends KubeObject>(_: Kind, { namespace, name }: ObjectKey, patch: object): Promise<T> {
    return this.#call(() => {
      const key = `${namespace}/${name}`;
      const event = this.events.get(key);
      if (!event) throw new ClusterError('not-found', key);
      const patched = { ...event, ...patch };
      this.events.set(key, patched);
      return patched as unknown as T;
    });
  }

  async #call<T>(work: () => T): Promise<T> {
    this.writes++;
    if (this.hangs) return new Promise(() => {});
    if (this.failWith && !this.losesAnswers) throw this.failWith;
    const result = work();
    if (this.failWith) throw this.failWith;
    return result;
  }

  /** What people would see: the notes with how often. */
  seen(): string[] {
    return [...this.events.values()].map(({ note, series }) => (series ? `${note} (${series.count})` : note));
  }
}

function setUp(t: TestContext) {
  const clock = new FakeClock();
  const cluster = new EventServer();
  const captured = captureLog();
  const events = new Events({
    cluster,
    clock,
    log: captured.log,
    reporter: { controller: 'modelserver.dev/operator', instance: 'operator-0' },
    wallTime: () => began + clock.now(),
    random: () => 0,
  });
  events.start();
  t.after(() => Promise.all([events.stop(0), clock.advance(0)]));
  const tell = (content: Partial<EventContent> = {}) => {
    events.tell({ ...failed, ...content });
    return settle();
  };
  return { clock, cluster, events, tell, ...captured };
}

test('an event says all that events.k8s.io/v1 asks for', async (t) => {
  const { clock, cluster, tell } = setUp(t);
  await clock.advance(1);
  await tell({ related: { ...server('pod'), kind: 'Pod', apiVersion: 'v1' } });
  assert.deepEqual(
    [...cluster.events.values()],
    [
      {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { name: `x.${((began + 1) * 1000).toString(16)}`, namespace: 'ns' },
        eventTime: '2030-01-01T00:00:00.001000Z',
        reportingController: 'modelserver.dev/operator',
        reportingInstance: 'operator-0',
        regarding: {
          apiVersion: 'modelserver.dev/v1alpha1',
          kind: 'ModelServer',
          name: 'x',
          namespace: 'ns',
          uid: 'uid of x',
          resourceVersion: '7',
        },
        related: {
          apiVersion: 'v1',
          kind: 'Pod',
          name: 'pod',
          namespace: 'ns',
          uid: 'uid of pod',
          resourceVersion: '7',
        },
        type: 'Warning',
        reason: 'ModelLoadFailed',
        action: 'Reconcile',
        note: 'Version 3 of resnet does not load',
      },
    ],
  );
});

test('what lies in no namespace has its events in the default one', async (t) => {
  const { cluster, tell } = setUp(t);
  await tell({ regarding: { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } } });
  assert.equal([...cluster.events.values()][0]?.metadata.namespace, 'default');
});

test('texts are cut to what the API server takes, between characters', async (t) => {
  for (const [note, expected] of [
    ['x'.repeat(1024), 'x'.repeat(1024)],
    ['x'.repeat(1025), `${'x'.repeat(1021)}…`],
    ['ü'.repeat(600), `${'ü'.repeat(510)}…`],
    ['🙂'.repeat(300), `${'🙂'.repeat(255)}…`],
  ] as const) {
    const { cluster, tell } = setUp(t);
    await tell({ note, regarding: server(`${'n'.repeat(199)}.${'n'.repeat(53)}`) });
    const [event] = [...cluster.events.values()];
    assert.equal(event?.note, expected);
    assert.ok(Buffer.byteLength(event?.note ?? '') <= 1024);
    assert.match(event?.metadata.name ?? '', /^n{199}\.[0-9a-f]+$/);
  }
});

test('the same event again is counted, and told at most twice a minute', async (t) => {
  const { clock, cluster, tell } = setUp(t);
  for (let second = 0; second < 60; second++) {
    await tell();
    await clock.advance(1000);
  }
  await clock.advance(60_000);
  assert.deepEqual(cluster.seen(), ['Version 3 of resnet does not load (60)']);
  assert.equal([...cluster.events.values()][0]?.series?.lastObservedTime, '2030-01-01T00:00:59.000000Z');
  assert.equal(cluster.writes, 3);
});

test('what differs in anything is another event', async (t) => {
  const { cluster, tell } = setUp(t);
  await tell();
  await tell({ note: 'Version 4 of resnet does not load' });
  await tell({ reason: 'OutOfMemory' });
  await tell({ type: 'Normal' });
  await tell({ action: 'Look' });
  await tell({ regarding: server('y') });
  await tell({ related: server('y') });
  assert.equal(cluster.events.size, 7);
});

test('the same event after 10 minutes of silence is a new one', async (t) => {
  const { clock, cluster, tell } = setUp(t);
  await tell();
  await clock.advance(599_999);
  await tell();
  await clock.advance(600_000);
  await tell();
  await clock.advance(60_000);
  assert.deepEqual(cluster.seen(), ['Version 3 of resnet does not load (2)', 'Version 3 of resnet does not load']);
});

test('one object has 25 at once and one in 5 minutes after that; others have theirs', async (t) => {
  const { clock, cluster, events, tell } = setUp(t);
  for (let n = 0; n < 30; n++) await tell({ note: `note ${n}` });
  assert.equal(cluster.events.size, 25);
  assert.equal(events.lost, 5);
  await tell({ regarding: server('y') });
  assert.equal(cluster.events.size, 26);
  await clock.advance(300_000);
  await tell({ note: 'later' });
  await tell({ note: 'too much' });
  assert.equal(cluster.events.size, 27);
  assert.ok(cluster.seen().includes('later'));
});

test('an event that was deleted meanwhile is told as a new one', async (t) => {
  const { clock, cluster, tell } = setUp(t);
  await tell();
  cluster.events.clear();
  await tell();
  await clock.advance(30_000);
  assert.deepEqual(cluster.seen(), ['Version 3 of resnet does not load']);
  await tell();
  await clock.advance(60_000);
  assert.deepEqual(cluster.seen(), ['Version 3 of resnet does not load (2)']);
});

test('telling never fails and never waits; what cannot be written for a while is written later', async (t) => {
  const { clock, cluster, tell } = setUp(t);
  cluster.failWith = new ClusterError('unavailable', 'refused');
  await tell({ note: 'one' });
  await tell({ note: 'two' });
  await clock.advance(3000);
  cluster.failWith = undefined;
  await clock.advance(10_000);
  assert.deepEqual(cluster.seen(), ['one', 'two']);
});

test('what was written although its answer was lost is not written twice', async (t) => {
  const { clock, cluster, events, tell } = setUp(t);
  cluster.failWith = new ClusterError('unavailable', 'reset');
  cluster.losesAnswers = true;
  await tell();
  cluster.failWith = undefined;
  await clock.advance(10_000);
  assert.deepEqual(cluster.seen(), ['Version 3 of resnet does not load']);
  await tell();
  await clock.advance(60_000);
  assert.deepEqual(cluster.seen(), ['Version 3 of resnet does not load (2)']);
  assert.equal(events.lost, 0);
});

test('what is refused, or cannot be written for long, is left out with a line in the log', async (t) => {
  const { clock, cluster, events, tell, messages } = setUp(t);
  cluster.failWith = new ClusterError('forbidden', 'the namespace is being terminated');
  await tell();
  assert.equal(cluster.writes, 1);
  cluster.failWith = new ClusterError('unavailable', 'refused');
  await tell({ note: 'another' });
  await clock.advance(60_000);
  assert.equal(cluster.writes, 6);
  assert.equal(events.lost, 2);
  assert.deepEqual(messages(), ['warn: An event was not written', 'debug: An event was not written']);
});

test('memory is bounded, however many there are', async (t) => {
  const { clock, cluster, events } = setUp(t);
  cluster.hangs = true;
  for (let n = 0; n < 20_000; n++) events.tell({ ...failed, regarding: server(`x${n}`) });
  await settle();
  assert.equal(events.lost, 20_000 - 1024);
  assert.ok(clock.waiting < 10, `${clock.waiting}`);
});

test('what has not happened for thousands of others is forgotten, and new when it happens again', async (t) => {
  const { cluster, events, tell } = setUp(t);
  await tell();
  for (let n = 0; n < 4096; n++) events.tell({ ...failed, note: 'of others', regarding: server(`x${n}`) });
  await settle();
  await tell();
  assert.equal(cluster.seen().filter((note) => note === failed.note).length, 2);
});

test('stopping writes what is still to be told', async (t) => {
  const { clock, cluster, events, tell } = setUp(t);
  await tell({ note: 'again' });
  await tell({ note: 'again' });
  events.tell({ ...failed, note: 'twice at once' });
  events.tell({ ...failed, note: 'twice at once' });
  await events.stop();
  assert.deepEqual(cluster.seen().sort(), ['again (2)', 'twice at once (2)']);
  await tell({ note: 'too late' });
  assert.equal(cluster.events.size, 2);
  assert.equal(clock.waiting, 0);
});

test('an API server that does not answer does not hold the stop up for long', async (t) => {
  const { clock, cluster, events, tell } = setUp(t);
  cluster.hangs = true;
  await tell({ note: 'one' });
  await tell({ note: 'two' });
  const stopping = events.stop(3000);
  await clock.advance(3000);
  await stopping;
  assert.equal(events.lost, 2);
  assert.equal(clock.waiting, 0);
});
