import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { FakeEngine, writeFakeModel } from '../../../test/support/fake-engine.ts';
import { accumulatorModel } from '../../../test/support/ir-model.ts';
import { temporaryFolder } from '../../../test/support/server.ts';
import { ServingError } from '../model/error.ts';
import type { StatefulOptions } from '../model/wanted.ts';
import { checkLowLatency } from './low-latency.ts';
import { sequencesOf, withSequences } from './stateful-engine.ts';

const idleMs = 300_000;
const usual: StatefulOptions = { mostSequences: 10, endsIdle: true, lowLatency: false };
const input = { precision: 'FP32', shape: [1], data: new Uint8Array(4) } as const;

function bench(t: TestContext, options: { idleMs: number } = { idleMs }) {
  const folder = temporaryFolder(t);
  writeFakeModel(folder, { precision: 'FP32', shape: [1], addend: 1, keeps: true });
  const clock = new FakeClock();
  const ended: number[] = [];
  const fake = new FakeEngine();
  const engine = withSequences(fake, {
    clock,
    ...options,
    mostWaiting: 4,
    endedIdle(directory, sequences) {
      assert.equal(directory, folder);
      ended.push(sequences);
    },
  });
  const load = (stateful?: StatefulOptions) =>
    engine.load(folder, { targetDevice: 'CPU', pluginConfig: {}, inferRequests: 1, ...(stateful && { stateful }) });
  const begin = async (model: Awaited<ReturnType<typeof load>>) => {
    const step = { id: 0n, isFirst: true, isLast: false };
    (await sequencesOf(model)!.infer(step, [input], {})).release();
  };
  return { folder, fake, engine, clock, ended, load, begin };
}

test('idle sequences of the models that have theirs ended are looked for, while there are such models', async (t) => {
  const { clock, ended, load, begin } = bench(t);
  assert.equal(sequencesOf(await load()), undefined);
  const kept = await load({ ...usual, endsIdle: false });
  await begin(kept);
  assert.equal(clock.waiting, 0);
  const model = await load(usual);
  await begin(model);
  await begin(model);
  await clock.advance(idleMs);
  await begin(model);
  await clock.advance(idleMs);
  assert.deepEqual(ended, [2]);
  assert.equal(sequencesOf(model)!.size, 1);
  await clock.advance(idleMs);
  assert.deepEqual(ended, [2, 1]);
  assert.equal(sequencesOf(kept)!.size, 1);
  await begin(model);
  await model.close();
  await clock.advance(10 * idleMs);
  assert.deepEqual([ended, clock.waiting], [[2, 1], 0]);
  await load(usual);
  assert.equal(clock.waiting, 1);
});

test('no sequence is ended where that is turned off', async (t) => {
  const { clock, load, begin } = bench(t, { idleMs: 0 });
  await begin(await load(usual));
  assert.equal(clock.waiting, 0);
});

test('a closed engine looks no more', async (t) => {
  const { engine, clock, load } = bench(t);
  await (await load(usual)).close();
  await engine.close();
  assert.equal(clock.waiting, 0);
});

test('a model must leave the names to the sequence', async (t) => {
  const { folder, fake, load } = bench(t);
  writeFakeModel(folder, { precision: 'FP32', shape: [1], addend: 1, input: 'sequence_id' });
  await assert.rejects(
    load(usual),
    new ServingError(
      'failed-precondition',
      "Cannot serve the model - in a stateful model the name sequence_id is the sequence's",
    ),
  );
  assert.equal(fake.open, 0);
  await load();
});

const help = '; apply LowLatency2 when the model is converted, and leave this option out';
const lowLatency: [what: string, write: (folder: string) => void, why: string | undefined][] = [
  ['an IR with states', (folder) => accumulatorModel('FP32', [1]).write(folder), undefined],
  [
    'an IR with a loop',
    (folder) => writeFileSync(join(folder, 'm.xml'), '<layer id="3" name="x" type="TensorIterator" version="opset1">'),
    `the model has a TensorIterator${help}`,
  ],
  [
    'another format',
    (folder) => writeFileSync(join(folder, 'm.onnx'), ''),
    `whether the model has loops can be told of OpenVINO IR only${help}`,
  ],
];

for (const [what, write, why] of lowLatency) {
  test(`low_latency_transformation of ${what}`, async (t) => {
    const folder = join(temporaryFolder(t), '1');
    mkdirSync(folder);
    write(folder);
    if (why === undefined) return checkLowLatency(folder);
    await assert.rejects(
      checkLowLatency(folder),
      new ServingError('failed-precondition', `low_latency_transformation cannot be applied here - ${why}`),
    );
  });
}
