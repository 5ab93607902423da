import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { settle } from '../../../test/support/fake-clock.ts';
import type { InferOptions, ModelState } from '../engine/engine.ts';
import { ServingError } from '../model/error.ts';
import { type SequenceInference, SequenceTable } from './sequence-table.ts';

const cancelled = () => new ServingError('cancelled', 'Request was cancelled');

/** States that count their inferences, and see to it that they are used as they may be. */
class States {
  /** How many have been opened, and are open. */
  opened = 0;
  open = 0;
  /** What the next inference does instead of answering. */
  next: 'fail before it begins' | 'fail' | 'answer' = 'answer';
  /** What opening a state waits for. */
  opening: Promise<void> = Promise.resolve();

  readonly openState = async ({ signal }: Pick<InferOptions, 'signal'>): Promise<ModelState> => {
    await this.opening;
    if (signal?.aborted) throw signal.reason;
    const name = this.opened++;
    this.open++;
    let count = 0;
    let isBusy = false;
    let isOpen = true;
    return {
      infer: async (_inputs, options) => {
        assert.ok(isOpen && !isBusy, `state ${name} is ${isOpen ? 'busy' : 'closed'}`);
        const { next } = this;
        this.next = 'answer';
        if (next === 'fail before it begins') throw cancelled();
        options.onStart?.();
        if (next === 'fail') throw new ServingError('internal', 'Internal inference error');
        isBusy = true;
        count++;
        const data = new Uint8Array([name, count]);
        return {
          outputs: [{ name: 'a', tensor: { precision: 'U8', shape: [2], data } }],
          waitedMs: 0,
          ranMs: 1,
          release() {
            isBusy = false;
          },
        };
      },
      close: () => {
        assert.ok(isOpen && !isBusy, `state ${name} is closed while ${isOpen ? 'busy' : 'closed'}`);
        isOpen = false;
        this.open--;
      },
    };
  };
}

function bench({ mostSequences = 3, mostWaiting = 100, ids = [] as bigint[] } = {}) {
  const states = new States();
  let next = 1000n;
  const newId = () => ids.shift() ?? next++;
  const table = new SequenceTable(states.openState, { mostSequences, mostWaiting, newId });
  const ask = (what: 'first' | 'between' | 'last' | 'only', id: bigint, signal?: AbortSignal) => {
    const step = { id, isFirst: what === 'first' || what === 'only', isLast: what === 'last' || what === 'only' };
    return table.infer(step, [], signal ? { signal } : {});
  };
  /** The same, released at once: which state has answered, for the how manieth time. */
  const run = async (...asked: Parameters<typeof ask>) => {
    const inference = await ask(...asked);
    inference.release();
    return told(inference);
  };
  return { states, table, ask, run };
}

function told({ outputs }: SequenceInference): number[] {
  const { tensor } = outputs[0]!;
  return tensor.precision === 'STRING' ? [] : [...tensor.data];
}

const refusal = (code: string) => (error: unknown) => error instanceof ServingError && error.code === code;

test('each sequence has a state from its first request to its last', async () => {
  const { states, table, run } = bench();
  assert.deepEqual(
    [await run('first', 1n), await run('first', 2n), await run('between', 1n)],
    [
      [0, 1],
      [1, 1],
      [0, 2],
    ],
  );
  assert.deepEqual([table.size, states.open], [2, 2]);
  assert.deepEqual(await run('last', 1n), [0, 3]);
  assert.deepEqual([table.size, states.open], [1, 1]);
  await assert.rejects(run('between', 1n), refusal('sequence-not-found'));
  await assert.rejects(run('last', 1n), refusal('sequence-not-found'));
  assert.deepEqual(await run('first', 1n), [2, 1]);
  assert.deepEqual(await run('only', 9n), [3, 1]);
  assert.deepEqual([table.size, states.open], [2, 2]);
});

test('a sequence without an id gets one that no other has', async () => {
  const { ask } = bench({ ids: [0n, 5n, 5n, 6n] });
  const ids: bigint[] = [];
  for (let i = 0; i < 2; i++) ids.push((await ask('first', 0n)).sequenceId);
  assert.deepEqual(ids, [5n, 6n]);
  const table = new SequenceTable(new States().openState, { mostSequences: 1, mostWaiting: 1 });
  const { sequenceId } = await table.infer({ id: 0n, isFirst: true, isLast: false }, [], {});
  assert.ok(sequenceId > 0n && sequenceId < 2n ** 53n, `${sequenceId}`);
});

test('an id can be used once at a time, also while its last request runs', async () => {
  const { ask, run } = bench();
  await run('first', 1n);
  await assert.rejects(run('first', 1n), refusal('sequence-exists'));
  const last = await ask('last', 1n);
  await assert.rejects(
    run('first', 1n),
    new ServingError('failed-precondition', "Sequence last request is being processed and it's not available anymore"),
  );
  await assert.rejects(run('between', 1n), refusal('sequence-not-found'));
  last.release();
  await run('first', 1n);
});

test('no more sequences live than may, those that are just made or ending among them', async () => {
  const { ask, run, states } = bench({ mostSequences: 2 });
  const gate = Promise.withResolvers<void>();
  states.opening = gate.promise;
  const first = ask('first', 1n);
  const second = ask('only', 2n);
  await assert.rejects(run('first', 3n), refusal('too-many-sequences'));
  await assert.rejects(run('first', 1n), refusal('too-many-sequences'));
  gate.resolve();
  (await first).release();
  const last = await second;
  await assert.rejects(run('first', 3n), refusal('too-many-sequences'));
  last.release();
  await run('first', 3n);
});

test('a request waits for the release of the one before it; whoever gives up leaves the line', async () => {
  const { ask, run, table } = bench();
  const first = await ask('first', 1n);
  const controller = new AbortController();
  const gone = ask('between', 1n, controller.signal);
  let isAnswered = false;
  const second = ask('between', 1n).then((inference) => {
    isAnswered = true;
    return inference;
  });
  assert.deepEqual(await run('first', 2n), [1, 1]);
  assert.deepEqual([table.waiting, isAnswered], [2, false]);
  controller.abort(cancelled());
  await assert.rejects(gone, refusal('cancelled'));
  first.release();
  const inference = await second;
  assert.deepEqual([told(inference), table.waiting], [[0, 2], 0]);
  assert.ok(inference.waitedMs > 0);
});

test('only so many wait, over all sequences', async () => {
  const { ask, run } = bench({ mostWaiting: 1 });
  const first = await ask('first', 1n);
  const other = await ask('first', 2n);
  const waits = ask('between', 1n);
  await assert.rejects(run('between', 2n), refusal('resource-exhausted'));
  first.release();
  (await waits).release();
  other.release();
  await run('between', 2n);
});

test('a sequence whose first request fails has never been, for those in its line either', async () => {
  for (const next of ['fail', 'fail before it begins'] as const) {
    const { ask, run, states, table } = bench();
    states.next = next;
    const first = ask('first', 1n);
    const second = ask('last', 1n);
    await assert.rejects(first, ServingError);
    await assert.rejects(second, refusal('sequence-not-found'));
    assert.deepEqual([table.size, states.open], [0, 0]);
    await run('first', 1n);
  }
  const { ask, states, table } = bench();
  await assert.rejects(ask('first', 1n, AbortSignal.abort(cancelled())), refusal('cancelled'));
  assert.deepEqual([table.size, states.open], [0, 0]);
});

test('a last request that has not run can be sent again; one that failed has ended the sequence', async () => {
  const { ask, run, states, table } = bench();
  await run('first', 1n);
  states.next = 'fail before it begins';
  await assert.rejects(run('last', 1n), refusal('cancelled'));
  const controller = new AbortController();
  const held = await ask('between', 1n);
  const last = ask('last', 1n, controller.signal);
  controller.abort(cancelled());
  await assert.rejects(last, refusal('cancelled'));
  held.release();
  assert.deepEqual(await run('between', 1n), [0, 3]);
  states.next = 'fail';
  await assert.rejects(run('last', 1n), refusal('internal'));
  assert.deepEqual([table.size, states.open], [0, 0]);
});

test('a request in between that fails leaves the sequence as it was', async () => {
  const { run, states } = bench();
  await run('first', 1n);
  states.next = 'fail';
  await assert.rejects(run('between', 1n), refusal('internal'));
  assert.deepEqual(await run('between', 1n), [0, 2]);
});

test('a sequence that has not been used from one look to the next is ended', async () => {
  const { ask, run, states, table } = bench();
  await run('first', 1n);
  assert.equal(table.endIdle(), 0);
  await run('between', 1n);
  assert.equal(table.endIdle(), 0);
  const held = await ask('first', 2n);
  assert.equal(table.endIdle(), 1);
  assert.deepEqual([table.size, states.open], [1, 1]);
  await assert.rejects(run('between', 1n), refusal('sequence-not-found'));
  // One that is being answered is not idle, however long that takes.
  assert.equal(table.endIdle() + table.endIdle(), 0);
  held.release();
  assert.equal(table.endIdle(), 1);
  assert.deepEqual([table.size, states.open], [0, 0]);
});

interface Move {
  readonly what: 'first' | 'between' | 'last' | 'only' | 'release' | 'give up' | 'look';
  readonly id: bigint;
  readonly which: number;
  readonly next: States['next'];
}

const moves = fc.array(
  fc.record<Move>({
    what: fc.constantFrom(
      'first',
      'first',
      'between',
      'between',
      'last',
      'only',
      'release',
      'release',
      'give up',
      'look',
    ),
    id: fc.constantFrom(0n, 1n, 2n, 2n),
    which: fc.nat(20),
    next: fc.constantFrom('answer', 'answer', 'answer', 'answer', 'answer', 'answer', 'fail', 'fail before it begins'),
  }),
  { minLength: 10, maxLength: 60, size: 'max' },
);

const codes = new Set([
  'sequence-not-found',
  'sequence-exists',
  'failed-precondition',
  'too-many-sequences',
  'resource-exhausted',
  'cancelled',
  'internal',
]);

test("whatever happens, a state is one sequence's, is used in order by one at a time, and is closed", async () => {
  let answers = 0;
  const property = fc.asyncProperty(moves, async (list) => {
    const { states, table, ask } = bench({ mostWaiting: 4 });
    const held: SequenceInference[] = [];
    const controllers: AbortController[] = [];
    const asked: Promise<unknown>[] = [];
    /** By state: when its requests were made, and what they were told. */
    const counts = new Map<string, { readonly made: number; readonly count: number }[]>();
    const sequenceOf = new Map<number, bigint>();
    for (const [made, { what, id, which, next }] of list.entries()) {
      if (what === 'look') table.endIdle();
      else if (what === 'release') held.splice(which % (held.length || 1), 1)[0]?.release();
      else if (what === 'give up') controllers[which % (controllers.length || 1)]?.abort(cancelled());
      else {
        states.next = next;
        const controller = new AbortController();
        controllers.push(controller);
        const answered = ask(what, id, controller.signal).then(
          (inference) => {
            answers++;
            const [state, count] = told(inference);
            assert.equal(inference.sequenceId, sequenceOf.get(state!) ?? inference.sequenceId);
            if (what !== 'first' && what !== 'only') assert.equal(inference.sequenceId, id);
            sequenceOf.set(state!, inference.sequenceId);
            counts.set(String(state), [...(counts.get(String(state)) ?? []), { made, count: count! }]);
            held.push(inference);
          },
          (error) => assert.ok(error instanceof ServingError && codes.has(error.code), error),
        );
        asked.push(answered);
      }
      // Some come while others have only just come.
      if (which % 3 > 0) await settle();
      assert.ok(table.size <= 3, `${table.size} sequences`);
      assert.ok(table.waiting <= 4, `${table.waiting} wait`);
    }
    await settle();
    while (held.length > 0) {
      held.shift()!.release();
      await settle();
    }
    await Promise.all(asked);
    for (const told of counts.values()) {
      assert.deepEqual(
        told.toSorted((a, b) => a.made - b.made),
        told,
      );
      assert.deepEqual(
        told.map(({ count }) => count),
        told.map((_, i) => i + 1),
      );
    }
    assert.equal(states.open, table.size);
    table.endIdle();
    table.endIdle();
    assert.deepEqual([table.size, states.open, table.waiting], [0, 0, 0]);
  });
  await fc.assert(property, { numRuns: 300 });
  assert.ok(answers > 1000, `only ${answers} answers`);
});
