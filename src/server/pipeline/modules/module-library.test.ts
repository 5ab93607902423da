import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemClock } from '../../../shared/clock.ts';
import { ServingError } from '../../model/error.ts';
import { stringAt, stringsOf } from '../../model/strings.ts';
import type { Tensor } from '../../model/tensor.ts';
import type { CustomNode, CustomNodeLibrary } from '../custom-node.ts';
import { createFindLibrary, type FindLibraryOptions } from './find-library.ts';

const folder = mkdtempSync(join(tmpdir(), 'modelserver-test-'));
const libraries: CustomNodeLibrary[] = [];
const printed: string[] = [];
after(async () => {
  await Promise.all(libraries.map((library) => library.close()));
  rmSync(folder, { recursive: true });
});

const defaults: FindLibraryOptions = {
  clock: systemClock,
  limits: { milliseconds: 20_000, mebibytes: 64 },
  workers: 2,
  mostWaiting: 2,
  print: (library, line) => printed.push(`${library}: ${line}`),
};

let files = 0;

/** A library whose module is the given text. */
async function library(text: string, options: Partial<FindLibraryOptions> = {}): Promise<CustomNodeLibrary> {
  const basePath = join(folder, `${files++}.mjs`);
  writeFileSync(basePath, text);
  const found = await createFindLibrary({ ...defaults, ...options })({ name: 'mine', basePath });
  libraries.push(found);
  return found;
}

/** A node that takes and gives one list of numbers, and runs the given lines. */
function node(body: string, options?: Partial<FindLibraryOptions>): Promise<CustomNode> {
  return library(
    `export function open(parameters) {
      return {
        inputs: { x: { precision: 'FP32', shape: [-1] } },
        outputs: { y: { precision: 'FP32', shape: [-1] } },
        async execute({ x }, { signal }) { ${body} },
      };
    }`,
    options,
  ).then((made) => made.open({}));
}

const tensor = (...values: number[]): Tensor => {
  return { precision: 'FP32', shape: [values.length], data: new Uint8Array(Float32Array.from(values).buffer) };
};
const numbers = (answer: readonly Tensor[]) => {
  const [only] = answer as [Tensor & { data: Uint8Array }];
  return [...new Float32Array(only.data.slice().buffer)];
};
let taken = 0;
const call = {
  takeMemory: (bytes: number) => {
    taken += bytes;
  },
};
const execute = async (made: CustomNode, ...values: number[]) => numbers(await made.execute([tensor(...values)], call));

test('a module tells its inputs and outputs, sorted by name, and is run in a worker', async () => {
  const found = await library(`
    import { isMainThread } from 'node:worker_threads';
    export const open = ({ by = '2' }) => ({
      inputs: { b: { precision: 'I64', shape: [] }, a: { precision: 'FP32', shape: [-1, 2] } },
      outputs: { z: { precision: 'BOOL', shape: [1] }, c: { precision: 'FP32', shape: [-1, 2] } },
      execute: ({ a, b }) => ({
        z: { shape: [1], data: Uint8Array.of(isMainThread ? 1 : 0) },
        c: { shape: a.shape, data: a.data.map((value) => value * by + Number(b.data[0])) },
      }),
    })`);
  const any = { min: 0, max: Number.POSITIVE_INFINITY };
  const two = { min: 2, max: 2 };
  const made = await found.open({ by: '3' });
  assert.deepEqual(made.signature, {
    inputs: [
      { name: 'a', precision: 'FP32', shape: [any, two], layout: '...' },
      { name: 'b', precision: 'I64', shape: [], layout: '...' },
    ],
    outputs: [
      { name: 'c', precision: 'FP32', shape: [any, two], layout: '...' },
      { name: 'z', precision: 'BOOL', shape: [{ min: 1, max: 1 }], layout: '...' },
    ],
  });
  // At an odd place of a larger buffer, as inputs lie in requests.
  const bytes = new Uint8Array(1 + 16);
  bytes.set(new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer), 1);
  taken = 0;
  const outputs = await made.execute(
    [
      { precision: 'FP32', shape: [2, 2], data: bytes.subarray(1) },
      { precision: 'I64', shape: [], data: new Uint8Array(BigInt64Array.of(7n).buffer) },
    ],
    call,
  );
  assert.deepEqual(numbers(outputs), [10, 13, 16, 19]);
  assert.deepEqual(outputs[1], { precision: 'BOOL', shape: [1], data: Uint8Array.of(0) });
  assert.deepEqual(bytes.slice(1), new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer));
  assert.equal(taken, 16 + 8 + 16 + 1);
  const other = await found.open({ by: '10' });
  const second = await other.execute(
    [
      { precision: 'FP32', shape: [1, 2], data: new Uint8Array(8) },
      { precision: 'I64', shape: [], data: new Uint8Array(8) },
    ],
    call,
  );
  assert.deepEqual(second[0]!.shape, [1, 2]);
});

test('a module may keep what it gave, and give what it got', async () => {
  const kept = await node('globalThis.kept ??= new Float32Array([1, 2]); return { y: { shape: [2], data: kept } };');
  assert.deepEqual(await execute(kept, 0), [1, 2]);
  assert.deepEqual(await execute(kept, 0), [1, 2]);
  const part = await node('return { y: { shape: [1], data: x.data.subarray(1) } };');
  assert.deepEqual(await execute(part, 5, 6), [6]);
});

test('byte strings and texts', async () => {
  const found = await library(`
    export const open = () => ({
      inputs: { x: { precision: 'STRING', shape: [-1] } },
      outputs: { y: { precision: 'STRING', shape: [-1] } },
      execute: ({ x: { shape, data } }) => ({ y: { shape: [3], data: [...data, String(data[0].length)] } }),
    })`);
  const made = await found.open({});
  const strings = stringsOf([Buffer.from('ä'), Buffer.from([0xff])]);
  const [output] = await made.execute([{ precision: 'STRING', shape: [2], strings }], call);
  assert.ok(output?.precision === 'STRING');
  assert.deepEqual(
    [0, 1, 2].map((i) => stringAt(output.strings, i).toString('hex')),
    ['c3a4', 'ff', '32'],
  );
});

const refusedModules: [what: string, text: string, reason: RegExp][] = [
  ['no module', 'export const open = ;', /Unexpected token/],
  ['no "open"', 'export const run = () => {};', /an export "open" that is a function; Actual: undefined/],
  [
    'no "execute"',
    'export const open = () => ({ inputs: {}, outputs: {} });',
    /a function "execute"; Actual: undefined/,
  ],
  ['an "open" that throws', 'export const open = ({ size }) => { throw new Error("size " + size) };', /^size big$/],
  [
    'no inputs',
    'export const open = () => ({ outputs: {}, execute() {} });',
    /inputs - Expected: an object; Actual: nothing/,
  ],
  [
    'a precision that there is not',
    'export const open = () => ({ inputs: { a: { precision: "F32", shape: [] } }, outputs: {}, execute() {} });',
    /inputs\.a\.precision - Expected: one of BOOL, .*; Actual: "F32"/,
  ],
  [
    'a shape of something else',
    'export const open = () => ({ inputs: { a: { precision: "FP32", shape: [1.5] } }, outputs: {}, execute() {} });',
    /inputs\.a\.shape - Expected: a list of sizes, -1 where any goes; Actual: \[1\.5\]/,
  ],
  ['an end of the thread', 'process.exit(3)', /it has ended the thread that it runs in, with code 3/],
];

for (const [what, text, reason] of refusedModules) {
  test(`a module with ${what} is refused`, async () => {
    const found = await library(text);
    await assert.rejects(Promise.resolve(found.open({ size: 'big' })), (error) => {
      assert.ok(error instanceof ServingError);
      assert.equal(error.code, 'invalid-argument');
      assert.match(error.message, reason);
      return true;
    });
  });
}

const failures: [what: string, body: string, reason: RegExp, options?: Partial<FindLibraryOptions>][] = [
  ['throws', 'throw new Error("no luck")', /; no luck$/],
  ['throws something else', 'throw null', /; null$/],
  ['loops forever', 'for (;;);', /not answered within 300 ms/, { limits: { milliseconds: 300, mebibytes: 64 } }],
  [
    'never answers',
    'await new Promise(() => {})',
    /not answered within 300 ms/,
    { limits: { milliseconds: 300, mebibytes: 64 } },
  ],
  ['exits', 'process.exit(7)', /ended the thread that it runs in, with code 7/],
  [
    'fails later',
    'setImmediate(() => { throw new Error("late") }); await new Promise(() => {})',
    /nothing caught: late/,
  ],
  ['rejects unseen', 'Promise.reject(new Error("unseen")); await new Promise(() => {})', /nothing caught: unseen/],
  [
    'fills its heap',
    'const all = []; for (;;) all.push([all.length])',
    /more than 32 MiB of memory/,
    { limits: { milliseconds: 20_000, mebibytes: 32 } },
  ],
  [
    'fills memory beside its heap',
    'const all = []; for (;;) { all.push(new Float64Array(1e5).fill(1)); const end = performance.now() + 1; while (performance.now() < end); }',
    /more than 32 MiB of memory/,
    { limits: { milliseconds: 20_000, mebibytes: 32 } },
  ],
  ['gives nothing', 'return', /Custom node output is missing - Expected: y$/],
  ['gives no shape', 'return { y: { data: x.data } }', /the shape of output y/],
  [
    'gives another rank',
    'return { y: { shape: [1, 1], data: x.data } }',
    /not matching shape - Expected: \(-1\); Actual: \(1,1\); output name: y/,
  ],
  ['gives sizes that are none', 'return { y: { shape: [-1], data: x.data } }', /the shape of output y/],
  [
    'gives other elements',
    'return { y: { shape: [1], data: [1] } }',
    /the data of output y - Expected: a Float32Array; Actual: something else/,
  ],
  [
    'gives elements of another size',
    'return { y: { shape: [1], data: new Float64Array(1) } }',
    /Expected: a Float32Array; Actual: Float64Array/,
  ],
  [
    'gives too few elements',
    'return { y: { shape: [2e9], data: x.data } }',
    /Expected: 2000000000 elements for the shape \(2000000000\); Actual: 1; output name: y/,
  ],
  ['gives what cannot be read', 'return { get y() { throw new Error("mine") } }', /; mine$/],
];

for (const [what, body, reason, options] of failures) {
  test(`a module that ${what} is an internal error, and others go on`, async () => {
    const made = await node(`if (x.data[0] === 1) { ${body} } return { y: x }`, options);
    await assert.rejects(execute(made, 1), (error) => {
      assert.ok(error instanceof ServingError);
      assert.equal(error.code, 'internal');
      assert.match(error.message, /^Custom node failed during execution - library: mine; /);
      assert.match(error.message, reason);
      return true;
    });
    assert.deepEqual(await execute(made, 2), [2]);
  });
}

test('a module that answers what it is not asked is not heard', async () => {
  const made = await node(`
    const { parentPort } = await import('node:worker_threads');
    parentPort.postMessage({ kind: 'executed', outputs: [{ shape: [1], array: 'Float32Array', bytes: new Uint8Array(4) }] });
    return { y: x }`);
  assert.deepEqual(await execute(made, 1), [1]);
  assert.deepEqual(await execute(made, 2), [2]);
});

test('reading a module may take longer than an answer', async () => {
  const found = await library(
    `await new Promise((go) => setTimeout(go, 1500));
    export const open = () => ({
      inputs: { x: { precision: 'FP32', shape: [-1] } },
      outputs: { y: { precision: 'FP32', shape: [-1] } },
      async execute({ x }) {
        if (x.data[0] === 1) process.exit();
        await new Promise((go) => setTimeout(go, x.data[0]));
        return { y: x };
      },
    })`,
    { workers: 1, limits: { milliseconds: 1000, mebibytes: 64 } },
  );
  const made = await found.open({});
  assert.deepEqual(await execute(made, 0), [0]);
  await assert.rejects(execute(made, 1), { code: 'internal' });
  // In a worker that has to read the module first.
  assert.deepEqual(await execute(made, 2), [2]);
  await assert.rejects(execute(made, 30_000), { code: 'internal' });
});

test('a worker that ends while it has nothing to do is replaced', async () => {
  const made = await node('setTimeout(() => process.exit(), 20); return { y: x }', { workers: 1 });
  assert.deepEqual(await execute(made, 1), [1]);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.deepEqual(await execute(made, 2), [2]);
});

test('a module that could not be opened is read anew', async () => {
  const basePath = join(folder, 'mended.mjs');
  writeFileSync(basePath, 'export const open = ;');
  const found = await createFindLibrary(defaults)({ name: 'mine', basePath });
  libraries.push(found);
  await assert.rejects(async () => found.open({}), { code: 'invalid-argument' });
  const spec = "{ x: { precision: 'FP32', shape: [-1] } }";
  writeFileSync(basePath, `export const open = () => ({ inputs: ${spec}, outputs: ${spec}, execute: (x) => x })`);
  assert.deepEqual(await execute(await found.open({}), 1), [1]);
});

test('as many run at once as there are workers, the next wait, and more are refused', async () => {
  const made = await node('await new Promise((go) => setTimeout(go, 200)); return { y: x }');
  const answers = await Promise.allSettled([1, 2, 3, 4, 5].map((value) => execute(made, value)));
  assert.deepEqual(
    answers.slice(0, 4),
    [1, 2, 3, 4].map((value) => ({ status: 'fulfilled', value: [value] })),
  );
  const [, , , , refused] = answers;
  assert.ok(refused?.status === 'rejected');
  assert.equal(refused.reason.code, 'resource-exhausted');
  assert.equal(
    refused.reason.message,
    'Too many requests wait for a custom node - Limit: 2; library: mine; workers: 2',
  );
});

test('a node is opened while all workers are at work, and the line is full', async () => {
  const found = await library(
    `export const open = ({ waits }) => ({
      inputs: { x: { precision: 'FP32', shape: [-1] } },
      outputs: { y: { precision: 'FP32', shape: [-1] } },
      async execute({ x }, { signal }) {
        if (waits) await new Promise((go) => signal.addEventListener('abort', go));
        return { y: x };
      },
    })`,
    { workers: 1, mostWaiting: 1 },
  );
  const slow = await found.open({ waits: 'yes' });
  const givingUp = new AbortController();
  const { signal } = givingUp;
  const answers = Promise.allSettled([1, 2].map((value) => slow.execute([tensor(value)], { ...call, signal })));
  const quick = await found.open({});
  await assert.rejects(execute(quick, 3), { code: 'resource-exhausted' });
  givingUp.abort();
  await answers;
  assert.deepEqual(await execute(quick, 3), [3]);
});

test('who gives up is answered at once, in the line and at work; the module is told', async () => {
  const made = await node(
    'if (x.data[0] === 1) await new Promise((go) => signal.addEventListener("abort", () => { console.log("told"); go() })); return { y: x }',
    { workers: 1 },
  );
  const late = new ServingError('deadline-exceeded', 'Too late');
  const [first, second] = [new AbortController(), new AbortController()];
  const working = made.execute([tensor(1)], { ...call, signal: first.signal });
  const waiting = made.execute([tensor(2)], { ...call, signal: second.signal });
  second.abort(late);
  await assert.rejects(Promise.resolve(waiting), late);
  first.abort();
  await assert.rejects(Promise.resolve(working), { code: 'cancelled' });
  await assert.rejects(async () => made.execute([tensor(2)], { ...call, signal: AbortSignal.abort(late) }), late);
  assert.deepEqual(await execute(made, 3), [3]);
  assert.ok(printed.includes('mine: told'), String(printed));
});

test('closing ends what runs, and what waits', async () => {
  const found = await library(
    `export const open = () => ({
    inputs: { x: { precision: 'FP32', shape: [-1] } },
    outputs: { y: { precision: 'FP32', shape: [-1] } },
    execute() { for (;;); },
  })`,
    { workers: 1 },
  );
  const made = await found.open({});
  const outcomes = Promise.allSettled([execute(made, 1), execute(made, 2)]);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await found.close();
  assert.deepEqual(
    (await outcomes).map((outcome) => outcome.status === 'rejected' && outcome.reason.code),
    ['internal', 'not-loaded'],
  );
  await assert.rejects(execute(made, 3), { code: 'not-loaded' });
});

test('memory that is not to be had is told before anything is copied', async () => {
  const made = await node('return { y: x }');
  const none = new ServingError('resource-exhausted', 'No memory');
  const takeMemory = () => {
    throw none;
  };
  await assert.rejects(async () => made.execute([tensor(1)], { takeMemory }), none);
});
