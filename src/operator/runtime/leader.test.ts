// Long, as each way to lose a lease is played on the same few candidates.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { captureLog } from '../../../test/support/captured-log.ts';
import { FakeClock, settle } from '../../../test/support/fake-clock.ts';
import { sleep } from '../../shared/clock.ts';
import type { CallOptions } from '../cluster/cluster.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import type { Kind, KubeObject } from '../cluster/kube-object.ts';
import { Leader, type LeaderOptions } from './leader.ts';
import type { Lease, LeaseSpec } from './lease.ts';

/** The one lease of an API server. */
class LeaseServer {
  lease: Lease | undefined;
  writes = 0;
  #version = 0;

  write(spec: LeaseSpec): Lease {
    this.writes++;
    const metadata = { name: 'operator', namespace: 'system', resourceVersion: `${++this.#version}` };
    this.lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec };
    return this.lease;
  }
}

/** A client's way to it. */
class Line implements Pick<LeaderOptions['cluster'], 'get' | 'create' | 'replace'> {
  /** `hangs`: nothing comes back, and nothing arrives; `lost`: it arrives, but no answer comes back; `slow`: that takes 4 s. */
  state: 'up' | 'down' | 'hangs' | 'lost' | 'slow' = 'up';
  calls = 0;
  readonly #server: LeaseServer;
  readonly #clock: FakeClock;

  constructor(server: LeaseServer, clock: FakeClock) {
    this.#server = server;
    this.#clock = clock;
  }

  async get<T extends KubeObject>(): Promise<T | undefined> {
    return this.#call(() => this.#server.lease) as Promise<T | undefined>;
  }

  async create<T extends KubeObject>(_: Kind, object: T, _options?: CallOptions): Promise<T> {
    return this.#call(() => {
      if (this.#server.lease) throw new ClusterError('already-exists', 'it is there');
      return this.#server.write((object as Lease).spec!);
    }) as Promise<KubeObject> as Promise<T>;
  }

  async replace<T extends KubeObject>(_: Kind, object: T, _options?: CallOptions): Promise<T> {
    return this.#call(() => {
      const { lease } = this.#server;
      if (!lease) throw new ClusterError('not-found', 'it is not there');
      if (lease.metadata.resourceVersion !== object.metadata.resourceVersion) {
        throw new ClusterError('conflict', 'it has changed');
      }
      return this.#server.write((object as Lease).spec!);
    }) as Promise<KubeObject> as Promise<T>;
  }

  async #call<T>(work: () => T): Promise<T> {
    this.calls++;
    if (this.state === 'down') throw new ClusterError('unavailable', 'refused');
    if (this.state === 'hangs') return new Promise(() => {});
    const result = work();
    if (this.state === 'slow') await sleep(this.#clock, 4000);
    return this.state === 'lost' ? new Promise(() => {}) : result;
  }
}

function setUp(t: TestContext) {
  const clock = new FakeClock();
  const server = new LeaseServer();
  const told: string[] = [];
  const candidate = (identity: string, options: Partial<LeaderOptions> = {}) => {
    const line = new Line(server, clock);
    const { log, messages } = captureLog();
    const leader = new Leader({
      cluster: line,
      clock,
      log,
      namespace: 'system',
      name: 'operator',
      identity,
      onElected: () => told.push(`${clock.now()} ${identity} leads`),
      onLost: () => told.push(`${clock.now()} ${identity} has lost`),
      wallTime: () => Date.UTC(2030, 0, 1) + clock.now(),
      random: () => 0,
      ...options,
    });
    t.after(() => {
      line.state = 'down';
      return leader.stop();
    });
    return { leader, line, messages };
  };
  /** Starts a candidate and lets its first try be answered. */
  const begin = (identity: string, options: Partial<LeaderOptions> = {}) => {
    const begun = candidate(identity, options);
    begun.leader.start();
    return settle().then(() => begun);
  };
  return { clock, server, candidate, begin, told, news: () => told.splice(0) };
}

test('the first of two leads, and goes on leading', async (t) => {
  const { clock, server, begin, told } = setUp(t);
  const one = await begin('one');
  const two = await begin('two');
  await clock.advance(120_000);
  assert.deepEqual(told, ['0 one leads']);
  assert.deepEqual([one.leader.isLeader, two.leader.isLeader], [true, false]);
  assert.deepEqual(server.lease?.spec, {
    holderIdentity: 'one',
    leaseDurationSeconds: 15,
    acquireTime: '2030-01-01T00:00:00.000000Z',
    renewTime: '2030-01-01T00:02:00.000000Z',
    leaseTransitions: 0,
  });
  assert.equal(one.line.calls, 62, 'one get, and then one write for each renewal');
});

test('of two that begin at once, one leads', async (t) => {
  const { clock, candidate, told } = setUp(t);
  const both = [candidate('one'), candidate('two')];
  for (const { leader } of both) leader.start();
  await clock.advance(60_000);
  assert.equal(told.length, 1);
  assert.equal(both.filter(({ leader }) => leader.isLeader).length, 1);
});

test('when the leader dies, another takes over within 20 s, and not before its lease is over', async (t) => {
  const { clock, server, begin, news } = setUp(t);
  const one = await begin('one');
  await begin('two');
  await clock.advance(61_000);
  news();
  const { renewTime } = server.lease!.spec!;
  one.line.state = 'down';
  const died = clock.now();
  await clock.advance(20_000);
  const taken =
    Number(
      news()
        .find((line) => line.includes('two leads'))
        ?.split(' ')[0],
    ) - died;
  assert.ok(taken > 13_000 && taken <= 17_000, `${taken}`);
  assert.equal(server.lease?.spec?.leaseTransitions, 1);
  assert.equal(server.lease?.spec?.holderIdentity, 'two');
  assert.notEqual(server.lease?.spec?.acquireTime, renewTime);
});

for (const state of ['down', 'hangs', 'lost'] as const) {
  test(`a leader that is cut off (${state}) gives up before another can take over`, async (t) => {
    const { clock, begin, news } = setUp(t);
    const one = await begin('one');
    const two = await begin('two');
    await clock.advance(60_500);
    news();
    one.line.state = state;
    let both = 0;
    for (let ms = 0; ms < 40_000; ms += 100) {
      await clock.advance(100);
      if (one.leader.isLeader && two.leader.isLeader) both++;
    }
    const [lost = '', taken = '', ...rest] = news();
    assert.match(lost, /one has lost/);
    assert.match(taken, /two leads/);
    assert.deepEqual(rest, []);
    assert.equal(both, 0);
    assert.ok(Number(taken.split(' ')[0]) - Number(lost.split(' ')[0]) >= 4000, `${lost}, ${taken}`);
  });
}

test('the time counts from when a renewal was sent, not from when its answer came', async (t) => {
  const { clock, begin, told } = setUp(t);
  const one = await begin('one');
  await clock.advance(1999);
  one.line.state = 'slow';
  await clock.advance(4001);
  assert.ok(one.leader.isLeader, 'the renewal sent at 2000 was answered at 6000');
  one.line.state = 'down';
  await clock.advance(5999);
  assert.deepEqual(told, ['0 one leads']);
  await clock.advance(1);
  assert.deepEqual(told, ['0 one leads', '12000 one has lost']);
});

test('a leader bridges an outage that is shorter than its deadline', async (t) => {
  const { clock, begin, told } = setUp(t);
  const one = await begin('one');
  await clock.advance(60_000);
  for (const state of ['down', 'hangs', 'lost'] as const) {
    one.line.state = state;
    await clock.advance(7000);
    one.line.state = 'up';
    await clock.advance(10_000);
  }
  assert.deepEqual(told, ['0 one leads']);
  assert.ok(one.leader.isLeader);
});

test('it does not lead any more once the time is up, even if nothing could say so', async (t) => {
  const { clock, candidate } = setUp(t);
  const now = { jump: 0 };
  const blocked = { now: () => clock.now() + now.jump, after: clock.after.bind(clock) };
  const one = candidate('one', { clock: blocked });
  one.leader.start();
  await settle();
  one.line.state = 'slow';
  await clock.advance(6000);
  now.jump = 5999;
  assert.equal(one.leader.isLeader, true, 'the renewal sent at 2000 was answered at 6000');
  now.jump = 6000;
  assert.equal(one.leader.isLeader, false);
});

for (const [skew, name] of [
  [-3_600_000, 'an hour behind'],
  [3_600_000, 'an hour ahead'],
] as const) {
  test(`a candidate whose clock is ${name} neither takes the lease early nor late`, async (t) => {
    const { clock, server, begin, news } = setUp(t);
    const one = await begin('one');
    const two = { wallTime: () => Date.UTC(2030, 0, 1) + clock.now() + skew };
    await begin('two', two);
    await clock.advance(120_000);
    assert.deepEqual(news(), ['0 one leads']);
    one.line.state = 'down';
    await clock.advance(20_000);
    assert.deepEqual(
      news().map((line) => line.replace(/^\d+ /, '')),
      ['one has lost', 'two leads'],
    );
    assert.equal(
      server.lease?.spec?.renewTime,
      new Date(Date.UTC(2030, 0, 1) + clock.now() + skew).toISOString().replace('Z', '000Z'),
    );
  });
}

test('a candidate that has only just come waits for the whole of a lease that it knows nothing of', async (t) => {
  const { clock, server, begin, told } = setUp(t);
  server.write({ holderIdentity: 'dead', leaseDurationSeconds: 15, renewTime: '2001-01-01T00:00:00.000000Z' });
  await begin('one');
  await clock.advance(14_999);
  assert.deepEqual(told, []);
  await clock.advance(2000);
  assert.deepEqual(told, ['16000 one leads']);
  assert.equal(server.lease?.spec?.leaseTransitions, 1);
});

test('a lease that is given back is had at the next try', async (t) => {
  const { clock, server, begin, news } = setUp(t);
  const one = await begin('one');
  await begin('two');
  await clock.advance(60_000);
  news();
  await one.leader.stop();
  assert.deepEqual(server.lease?.spec, {
    holderIdentity: '',
    leaseDurationSeconds: 1,
    acquireTime: '2030-01-01T00:01:00.000000Z',
    renewTime: '2030-01-01T00:01:00.000000Z',
    leaseTransitions: 0,
  });
  assert.equal(one.leader.isLeader, false);
  await clock.advance(2000);
  assert.deepEqual(news(), ['62000 two leads']);
  assert.equal(server.lease?.spec?.leaseTransitions, 1);
  await clock.advance(60_000);
  assert.deepEqual(news(), []);
});

test('a lease is given back although a renewal was under way, and its answer lost', async (t) => {
  const { clock, server, begin } = setUp(t);
  const one = await begin('one');
  await clock.advance(5000);
  one.line.state = 'lost';
  await clock.advance(2000);
  one.line.state = 'up';
  await one.leader.stop();
  assert.equal(server.lease?.spec?.holderIdentity, '');
});

test('a lease that was had while this stopped is given back too', async (t) => {
  const { server, candidate } = setUp(t);
  const one = candidate('one');
  one.line.state = 'lost';
  one.leader.start();
  await settle();
  assert.equal(server.lease?.spec?.holderIdentity, undefined);
  one.line.state = 'up';
  await one.leader.stop();
  assert.equal(server.lease, undefined);

  const two = candidate('two');
  two.leader.start();
  // The answer about what there is has come, the one to its write has not.
  await Promise.resolve();
  two.line.state = 'lost';
  await settle();
  assert.equal((server.lease as Lease | undefined)?.spec?.holderIdentity, 'two');
  assert.equal(two.leader.isLeader, false);
  two.line.state = 'up';
  await two.leader.stop();
  assert.equal((server.lease as Lease | undefined)?.spec?.holderIdentity, '');
});

test('a lease that was lost for want of answers is given back once there are some', async (t) => {
  const { clock, server, begin, news } = setUp(t);
  const one = await begin('one');
  one.line.state = 'down';
  await clock.advance(10_000);
  assert.deepEqual(news(), ['0 one leads', '10000 one has lost']);
  one.line.state = 'up';
  await one.leader.stop();
  assert.equal(server.lease?.spec?.holderIdentity, '');
});

test('what stops while it does not lead leaves the lease alone', async (t) => {
  const { clock, server, begin } = setUp(t);
  await begin('one');
  const two = await begin('two');
  await clock.advance(3000);
  const { writes } = server;
  await two.leader.stop();
  assert.equal(server.writes, writes);
  assert.equal(server.lease?.spec?.holderIdentity, 'one');
});

test('an API server that does not answer does not hold the stop up for long', async (t) => {
  const { clock, begin } = setUp(t);
  const one = await begin('one');
  await clock.advance(5000);
  one.line.state = 'hangs';
  const stopping = one.leader.stop();
  await settle();
  await clock.advance(5000);
  await stopping;
  assert.equal(one.messages().at(-1), 'warn: The lease was not given back; it runs out by itself');
  assert.equal(clock.waiting, 0);
});

test('a lease that somebody else writes to is read again, and renewed if it is still its own', async (t) => {
  const { clock, server, begin, told } = setUp(t);
  await begin('one');
  await clock.advance(5000);
  server.write({ ...server.lease!.spec! });
  await clock.advance(60_000);
  assert.deepEqual(told, ['0 one leads']);
  assert.equal(server.lease?.spec?.leaseTransitions, 0);
});

test('whoever finds the lease in other hands has lost at once', async (t) => {
  const { clock, server, begin, told } = setUp(t);
  await begin('one');
  await clock.advance(5000);
  server.write({ holderIdentity: 'usurper', leaseDurationSeconds: 15 });
  await clock.advance(4000);
  assert.deepEqual(told, ['0 one leads', '8000 one has lost']);
  const { writes } = server;
  await clock.advance(60_000);
  assert.equal(server.writes, writes, 'it does not try again');
  assert.equal(clock.waiting, 0);
});

test('a lease that is deleted is made anew by its leader', async (t) => {
  const { clock, server, begin, told } = setUp(t);
  await begin('one');
  await clock.advance(5000);
  server.lease = undefined;
  await clock.advance(60_000);
  assert.deepEqual(told, ['0 one leads']);
  assert.equal((server.lease as Lease | undefined)?.spec?.holderIdentity, 'one');
});

test('one of the same name, started again, leads at once and is no new leader', async (t) => {
  const { server, begin, told } = setUp(t);
  server.write({ holderIdentity: 'one', leaseDurationSeconds: 15, acquireTime: 'then', leaseTransitions: 7 });
  await begin('one');
  assert.deepEqual(told, ['0 one leads']);
  assert.deepEqual([server.lease?.spec?.acquireTime, server.lease?.spec?.leaseTransitions], ['then', 7]);
});

test('its metric says whether it leads', async (t) => {
  const { clock, begin } = setUp(t);
  const values: boolean[] = [];
  const one = await begin('one', { metrics: (leads) => values.push(leads) });
  await clock.advance(1000);
  await one.leader.stop();
  assert.deepEqual(values, [false, true, false]);
});

test('tries are spread by chance, and none comes later than 2 s after the one before', async (t) => {
  const { clock, begin } = setUp(t);
  const one = await begin('one', { random: () => 1 });
  await clock.advance(15_000);
  assert.equal(one.line.calls, 12);
});
