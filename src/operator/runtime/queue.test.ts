import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FakeClock, settle } from '../../../test/support/fake-clock.ts';
import { type QueueOptions, WorkQueue } from './queue.ts';

function setUp(options: Partial<QueueOptions> = {}) {
  const clock = new FakeClock();
  const queue = new WorkQueue({ clock, ...options });
  /** Takes all that is in line, without giving anything back. */
  const takeAll = async () => {
    const keys: (string | undefined)[] = [];
    while (queue.depth > 0) keys.push(await queue.take());
    return keys;
  };
  return { clock, queue, takeAll };
}

test('keys come once each, in the order in which they were first added', async () => {
  const { queue, takeAll } = setUp();
  for (const key of ['a', 'b', 'a', 'c', 'b']) queue.add(key);
  assert.equal(queue.depth, 3);
  assert.deepEqual(await takeAll(), ['a', 'b', 'c']);
});

test('a key that is added while it is worked on waits until that is done, behind those in line', async () => {
  const { queue, takeAll } = setUp();
  queue.add('a');
  assert.equal(await queue.take(), 'a');
  queue.add('a');
  queue.add('b');
  queue.add('a');
  assert.equal(queue.depth, 1);
  queue.done('a');
  assert.deepEqual(await takeAll(), ['b', 'a']);
  queue.done('a');
  queue.done('b');
  assert.deepEqual(await takeAll(), []);
});

test('whoever waits for a key gets the next, first come, first served', async () => {
  const { queue } = setUp();
  const got: string[] = [];
  for (const name of ['first', 'second']) queue.take().then((key) => got.push(`${name}: ${key}`));
  queue.add('a');
  queue.add('a');
  await settle();
  assert.deepEqual(got, ['first: a']);
  queue.done('a');
  await settle();
  assert.deepEqual(got, ['first: a', 'second: a']);
});

test('of several wishes for later the earliest counts', async () => {
  const { clock, queue, takeAll } = setUp();
  queue.addAfter('a', 500);
  queue.addAfter('a', 900);
  queue.addAfter('a', 200);
  queue.addAfter('b', 300);
  await clock.advance(199);
  assert.deepEqual(await takeAll(), []);
  await clock.advance(1);
  assert.deepEqual(await takeAll(), ['a']);
  queue.done('a');
  await clock.advance(1000);
  assert.deepEqual(await takeAll(), ['b']);
  assert.equal(queue.delayed, 0);
});

test('what is wanted now is there now, and what was wanted later comes as well', async () => {
  const { clock, queue, takeAll } = setUp();
  queue.addAfter('a', 100);
  queue.addAfter('a', 0);
  assert.deepEqual(await takeAll(), ['a']);
  queue.done('a');
  await clock.advance(100);
  assert.deepEqual(await takeAll(), ['a']);
});

test('a key that fails comes back later each time, until it is forgotten', async () => {
  const { clock, queue } = setUp({ backoff: { first: 5, most: 40 } });
  const waits: number[] = [];
  const failOnce = async () => {
    const key = await queue.take();
    assert.equal(key, 'a');
    queue.retry(key);
    queue.done(key);
    const failedAt = clock.now();
    while (queue.depth === 0) await clock.advance(1);
    waits.push(clock.now() - failedAt);
  };
  queue.add('a');
  for (let n = 0; n < 5; n++) await failOnce();
  assert.equal(queue.failures('a'), 5);
  queue.forget('a');
  await failOnce();
  assert.deepEqual(waits, [5, 10, 20, 40, 40, 5]);
});

test('a retry can be asked to wait longer', async () => {
  const { clock, queue, takeAll } = setUp();
  queue.retry('a', 3000);
  await clock.advance(2999);
  assert.deepEqual(await takeAll(), []);
  await clock.advance(1);
  assert.deepEqual(await takeAll(), ['a']);
});

test('retries of all keys together are bounded', async () => {
  const { clock, queue } = setUp({ retries: { burst: 3, perSecond: 10 } });
  for (let n = 0; n < 10; n++) queue.retry(`key-${n}`);
  await clock.advance(50);
  assert.equal(queue.depth, 3);
  await clock.advance(350);
  assert.equal(queue.depth, 7);
  await clock.advance(300);
  assert.equal(queue.depth, 10);
});

test('a poisoned key that events bring back all the time takes no retries from others', async () => {
  const { clock, queue } = setUp();
  for (let n = 0; n < 1000; n++) {
    queue.add('poisoned');
    assert.equal(await queue.take(), 'poisoned');
    queue.retry('poisoned');
    queue.done('poisoned');
  }
  queue.retry('other');
  await clock.advance(5);
  const keys = [await queue.take(), await queue.take()];
  assert.ok(keys.includes('other'), `${keys}`);
});

test('a poisoned key waits behind all others', async () => {
  const { queue, clock } = setUp();
  const order: string[] = [];
  for (const key of ['poisoned', 'a', 'b', 'c']) queue.add(key);
  for (let n = 0; n < 8; n++) {
    const key = (await queue.take())!;
    order.push(key);
    if (key === 'poisoned') queue.retry(key);
    queue.add(key);
    queue.done(key);
    await clock.advance(0);
  }
  assert.deepEqual(order, ['poisoned', 'a', 'b', 'c', 'poisoned', 'a', 'b', 'c']);
});

test('stopping wakes those who wait, forgets all that is to come and takes nothing more', async () => {
  const { clock, queue } = setUp();
  const waiting = [queue.take(), queue.take()];
  queue.addAfter('later', 10);
  queue.stop();
  assert.deepEqual(await Promise.all(waiting), [undefined, undefined]);
  queue.add('a');
  queue.addAfter('a', 1);
  queue.retry('a');
  await clock.advance(100);
  assert.equal(await queue.take(), undefined);
  assert.deepEqual([queue.depth, queue.delayed], [0, 0]);
});

test('what is worked on when it is stopped can be given back', async () => {
  const { queue } = setUp();
  queue.add('a');
  await queue.take();
  queue.add('a');
  queue.stop();
  queue.done('a');
  assert.equal(queue.depth, 0);
});

test('it tells what it does', async () => {
  const told: string[] = [];
  const { clock, queue } = setUp({
    metrics: {
      added: () => told.push('added'),
      retried: () => told.push('retried'),
      taken: (seconds) => told.push(`taken after ${seconds}`),
      done: (seconds) => told.push(`done after ${seconds}`),
    },
  });
  queue.add('a');
  queue.add('a');
  await clock.advance(2000);
  await queue.take();
  queue.add('b');
  await queue.take();
  await clock.advance(1000);
  queue.add('a');
  await clock.advance(500);
  assert.deepEqual(queue.unfinished(), { total: 3, longest: 1.5 });
  queue.retry('a');
  queue.done('a');
  assert.deepEqual(queue.unfinished(), { total: 1.5, longest: 1.5 });
  await queue.take();
  assert.deepEqual(told, [
    'added',
    'taken after 2',
    'added',
    'taken after 0',
    'added',
    'retried',
    'done after 1.5',
    'taken after 0.5',
  ]);
});

const key = fc.constantFrom('a', 'b', 'c');
const step = fc.oneof(
  fc.record({ do: fc.constant('add' as const), key }),
  fc.record({ do: fc.constant('later' as const), key, ms: fc.integer({ min: -1, max: 50 }) }),
  fc.record({ do: fc.constant('take' as const) }),
  fc.record({ do: fc.constant('done' as const), key, fails: fc.boolean() }),
  fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 40 }) }),
);

test('whatever happens, no key is worked on twice at once, and none that was added is lost', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { clock, queue } = setUp();
      const working = new Set<string>();
      /** Keys that have to be taken (once more), at once and from when on. Of several times for a key the earliest counts. */
      const due = new Set<string>();
      const later = new Map<string, number>();
      const want = (key: string, at: number) => later.set(key, Math.min(at, later.get(key) ?? at));
      const take = () =>
        queue.take().then((key) => {
          if (key === undefined) return;
          assert.ok(!working.has(key), `${key} is worked on twice`);
          working.add(key);
          due.delete(key);
          if (later.get(key)! <= clock.now()) later.delete(key);
        });
      const finish = async (key: string, fails: boolean) => {
        if (!working.delete(key)) return;
        if (fails) {
          want(key, clock.now() + 5 * 2 ** queue.failures(key));
          queue.retry(key);
        } else queue.forget(key);
        queue.done(key);
      };
      for (const step of steps) {
        if (step.do === 'add') {
          due.add(step.key);
          queue.add(step.key);
        } else if (step.do === 'later') {
          if (step.ms <= 0) due.add(step.key);
          else want(step.key, clock.now() + step.ms);
          queue.addAfter(step.key, step.ms);
        } else if (step.do === 'take') void take();
        else if (step.do === 'done') await finish(step.key, step.fails);
        else await clock.advance(step.ms);
        await settle();
      }
      for (let n = 0; n < 20; n++) void take();
      for (let n = 0; n < 20; n++) {
        for (const key of [...working]) await finish(key, false);
        await clock.advance(200_000);
      }
      assert.deepEqual([...due, ...later.keys()], []);
      assert.deepEqual([queue.depth, queue.delayed], [0, 0]);
      queue.stop();
    }),
    { numRuns: 60 },
  );
});
