import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { captureLog } from '../../../test/support/captured-log.ts';
import { FakeClock, settle } from '../../../test/support/fake-clock.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import { Controller, type ControllerOptions, type Outcome, type ReconcileContext } from './controller.ts';
import { WorkQueue } from './queue.ts';

/** A reconcile that is under way. */
interface Running {
  readonly key: string;
  readonly context: ReconcileContext;
  readonly end: (outcome?: Outcome) => Promise<void>;
  readonly fail: (error: unknown) => Promise<void>;
}

/** Several turns: a worker rests for one between two keys. */
const turns = async () => {
  for (let n = 0; n < 5; n++) await settle();
};

function setUp(t: TestContext, options: Partial<ControllerOptions> = {}) {
  const clock = new FakeClock();
  const queue = new WorkQueue({ clock });
  const running: Running[] = [];
  const results: string[] = [];
  const captured = captureLog();
  const controller = new Controller({
    name: 'things',
    queue,
    clock,
    log: captured.log,
    workers: 2,
    metrics: {
      started: () => results.push('started'),
      ended: (result, seconds) => results.push(`${result} after ${seconds} s`),
    },
    reconcile: (key, context) =>
      new Promise((resolve, reject) => {
        running.push({
          key,
          context,
          end: (outcome = { kind: 'done' }) => {
            resolve(outcome);
            return turns();
          },
          fail: (error) => {
            reject(error);
            return turns();
          },
        });
      }),
    ...options,
  });
  controller.start();
  t.after(() => Promise.all([controller.stop(0), clock.advance(5000)]));
  const add = (...keys: string[]) => {
    for (const key of keys) queue.add(key);
    return turns();
  };
  const keys = () => running.map(({ key }) => key);
  return { clock, queue, controller, running, keys, results, add, ...captured };
}

test('as many keys as there are workers are worked on at once, each by one', async (t) => {
  const { running, keys, add } = setUp(t);
  await add('a', 'b', 'c', 'a');
  await add('a');
  assert.deepEqual(keys(), ['a', 'b']);
  await running[1]!.end();
  assert.deepEqual(keys(), ['a', 'b', 'c']);
  await running[2]!.end();
  assert.deepEqual(keys(), ['a', 'b', 'c']);
  await running[0]!.end();
  assert.deepEqual(keys(), ['a', 'b', 'c', 'a']);
});

const outcomes: {
  readonly name: string;
  readonly finish: (reconcile: Running) => Promise<void>;
  readonly result: string;
  /** Milliseconds until it is worked on again. */
  readonly again?: number;
  readonly line?: string;
}[] = [
  { name: 'done', finish: ({ end }) => end(), result: 'success' },
  { name: 'after', finish: ({ end }) => end({ kind: 'after', ms: 700 }), result: 'requeue_after', again: 700 },
  {
    name: 'stalled',
    finish: ({ end }) => end({ kind: 'stalled', reason: 'ModelLoadFailed' }),
    result: 'stalled',
    line: 'info: Stalled until something changes',
  },
  {
    name: 'failed',
    finish: ({ fail }) => fail(new ClusterError('unavailable', 'refused')),
    result: 'error',
    again: 5,
    line: 'error: The reconcile failed',
  },
  {
    name: 'throttled',
    finish: ({ fail }) => fail(new ClusterError('throttled', 'slow down', { retryAfterMs: 2000 })),
    result: 'error',
    again: 2000,
    line: 'error: The reconcile failed',
  },
  {
    name: 'conflict',
    finish: ({ fail }) => fail(new ClusterError('conflict', 'the object has been modified')),
    result: 'requeue',
    again: 5,
    line: 'info: Somebody else was faster: the object has been modified',
  },
  {
    name: 'a fault of the program',
    finish: ({ fail }) => fail(new TypeError('x is not a function')),
    result: 'panic',
    again: 5,
    line: 'error: The reconcile failed',
  },
  {
    name: 'something thrown that is no error',
    finish: ({ fail }) => fail('oops'),
    result: 'panic',
    again: 5,
    line: 'error: The reconcile failed',
  },
];

for (const { name, finish, result, again, line } of outcomes) {
  test(`outcome: ${name}`, async (t) => {
    const { clock, queue, running, results, add, messages } = setUp(t);
    await add('ns/a');
    await clock.advance(250);
    await finish(running[0]!);
    assert.deepEqual(results, ['started', `${result} after 0.25 s`]);
    assert.deepEqual(
      messages().filter((text) => !text.startsWith('debug')),
      line ? [line] : [],
    );
    assert.equal(queue.delayed, again === undefined ? 0 : 1);
    if (again === undefined) return;
    await clock.advance(again - 1);
    await turns();
    assert.equal(running.length, 1);
    await clock.advance(1);
    await turns();
    assert.equal(running.length, 2);
  });
}

test('what is thrown before anything is awaited counts as any failure', async (t) => {
  const { results, add } = setUp(t, {
    reconcile: () => {
      throw new RangeError('at once');
    },
  });
  await add('a');
  assert.deepEqual(results, ['started', 'panic after 0 s']);
});

test('after a success, the next failure counts as the first', async (t) => {
  const { clock, queue, running, add } = setUp(t);
  await add('a');
  for (const failures of [1, 2, 3]) {
    await running.at(-1)!.fail(new Error('not yet'));
    assert.equal(queue.failures('a'), failures);
    await clock.advance(5 * 2 ** failures);
    await turns();
  }
  await running.at(-1)!.end({ kind: 'after', ms: 1 });
  assert.equal(queue.failures('a'), 0);
});

test('the lines of a reconcile carry its object and its id', async (t) => {
  const { running, add, lines } = setUp(t);
  await add('ns/a');
  const { context } = running[0]!;
  context.log.info('hello');
  const { level: _, msg, ...fields } = lines.at(-1)!;
  assert.equal(msg, 'hello');
  assert.deepEqual(fields, { controller: 'things', namespace: 'ns', name: 'a', reconcileID: context.id });
  assert.match(context.id, /^[0-9a-f-]{36}$/);
});

test('a reconcile that takes too long is told to end, and tried again', async (t) => {
  const { clock, running, results, add, messages } = setUp(t);
  await add('a');
  await clock.advance(119_999);
  assert.equal(running[0]!.context.signal.aborted, false);
  await clock.advance(1);
  const { signal } = running[0]!.context;
  assert.equal(signal.reason.name, 'TimeoutError');
  await running[0]!.fail(signal.reason);
  assert.deepEqual(results, ['started', 'timeout after 120 s']);
  assert.deepEqual(messages(), ['error: The reconcile took too long']);
  await clock.advance(5);
  await turns();
  assert.equal(running.length, 2);
  assert.equal(running[1]!.context.signal.aborted, false);
});

test('one that comes to something although its time was up has its outcome', async (t) => {
  const { clock, running, results, add } = setUp(t);
  await add('a');
  await clock.advance(121_000);
  await running[0]!.end();
  assert.deepEqual(results, ['started', 'success after 121 s']);
});

test('one that does not end holds no worker up, and nobody else works on its key before it has ended', async (t) => {
  const { clock, running, keys, results, add } = setUp(t, { workers: 1 });
  await add('hung', 'other');
  await clock.advance(124_999);
  await turns();
  assert.deepEqual(keys(), ['hung']);
  await clock.advance(1);
  await turns();
  assert.deepEqual(keys(), ['hung', 'other']);
  assert.deepEqual(results, ['started', 'timeout after 125 s', 'started']);
  await running[1]!.end();
  await add('hung');
  await clock.advance(10_000_000);
  await turns();
  assert.deepEqual(keys(), ['hung', 'other']);
  await running[0]!.end();
  assert.deepEqual(keys(), ['hung', 'other', 'hung']);
});

test('stopping begins nothing new and waits for what is under way', async (t) => {
  const { clock, controller, queue, running, keys, add } = setUp(t);
  await add('a', 'b', 'c');
  let stopped = false;
  const stopping = controller.stop(30_000).then(() => {
    stopped = true;
  });
  await clock.advance(10_000);
  await running[0]!.end({ kind: 'after', ms: 5 });
  await running[1]!.fail(new Error('bad luck'));
  await stopping;
  assert.ok(stopped);
  assert.deepEqual(keys(), ['a', 'b']);
  assert.equal(queue.delayed, 0);
  assert.equal(clock.waiting, 0);
});

test('what is still under way after the grace is told to end', async (t) => {
  const { clock, controller, running, results, add, messages } = setUp(t);
  await add('a');
  const stopping = controller.stop(30_000);
  await clock.advance(29_999);
  const { signal } = running[0]!.context;
  assert.equal(signal.aborted, false);
  await clock.advance(1);
  assert.equal(signal.aborted, true);
  await running[0]!.fail(signal.reason);
  await stopping;
  assert.deepEqual(results, ['started', 'requeue after 30 s']);
  assert.deepEqual(messages(), ['info: The reconcile was cut short by the stop']);
  assert.equal(clock.waiting, 0);
});

test('without a grace it is told to end at once, and one that does not is left behind', async (t) => {
  const { clock, controller, running, add, messages } = setUp(t);
  await add('a');
  const stopping = controller.stop(0);
  assert.equal(running[0]!.context.signal.aborted, true);
  await clock.advance(5000);
  await stopping;
  assert.deepEqual(messages(), ['error: The reconcile does not end; going without it']);
  assert.equal(clock.waiting, 0);
});

test('one that was never started stops as well', async () => {
  const clock = new FakeClock();
  const { log } = captureLog();
  const queue = new WorkQueue({ clock });
  await new Controller({ name: 'things', queue, clock, log, reconcile: async () => ({ kind: 'done' }) }).stop(1000);
  assert.equal(clock.waiting, 0);
});

test('keys that need nobody leave others their turn', async (t) => {
  const { add, results } = setUp(t, { reconcile: async () => ({ kind: 'done' }), workers: 1 });
  const keys = Array.from({ length: 100 }, (_, n) => `key-${n}`);
  const added = add(...keys);
  await settle();
  assert.ok(results.length < 20, `${results.length}`);
  await added;
});
