import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { engineSuite, plainOptions } from '../../../../test/suites/engine-suite.ts';
import { accumulatorModel, addModel, IrModel, identityModel, slowModel } from '../../../../test/support/ir-model.ts';
import { temporaryFolder } from '../../../../test/support/server.ts';
import { toList } from '../../../../test/support/to-list.ts';
import { ServingError } from '../../model/error.ts';
import type { Reshape } from '../../model/reshape.ts';
import { printShape } from '../../model/signature.ts';
import { stringsOf } from '../../model/strings.ts';
import type { Tensor } from '../../model/tensor.ts';
import { workThreads } from '../work-threads.ts';
import { createOpenVinoEngine } from './openvino-engine.ts';
import { findLibrary, runtimeMissing } from './runtime.ts';

const search = { libraryDirectory: process.env.OPENVINO_LIB_DIR, cacheHome: process.env.XDG_CACHE_HOME };

async function create({ mostWaiting }: { mostWaiting: number }) {
  const library = findLibrary(search);
  assert.ok(library, runtimeMissing(search));
  return createOpenVinoEngine({ library, mostWaiting, threads: workThreads(4) });
}

engineSuite({
  name: 'openvino',
  create,
  writeAdd: (folder, precision, shape, addend) => addModel(precision, shape, addend).write(folder),
  writeAccumulator: (folder, shape) => accumulatorModel('FP32', shape).write(folder),
  writeBroken(folder) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'model.xml'), '<net>no model</net>');
  },
});

test('strings of any bytes come back as they went', async (t) => {
  const folder = temporaryFolder(t);
  identityModel('STRING').write(folder);
  const engine = await create({ mostWaiting: 1 });
  const model = await engine.load(folder, plainOptions);
  const strings = ['', 'short', 'with\0zero', 'x'.repeat(1000), '\u{1f600}'].map((text) => Buffer.from(text));
  for (const chosen of [strings, []]) {
    const inference = await model.infer(
      [{ precision: 'STRING', shape: [chosen.length], strings: stringsOf(chosen) }],
      {},
    );
    const { tensor } = inference.outputs[0]!;
    assert.ok(tensor.precision === 'STRING');
    assert.deepEqual(
      toList(tensor.strings).map((string) => Buffer.from(string)),
      chosen,
    );
    inference.release();
  }
  await model.close();
  await engine.close();
});

test('refuses devices and properties that there are not, and says so', async (t) => {
  const folder = temporaryFolder(t);
  addModel('FP32', [1]).write(folder);
  const engine = await create({ mostWaiting: 1 });
  await assert.rejects(engine.load(folder, { ...plainOptions, targetDevice: 'NOPE' }), {
    message: /Cannot compile model into target device - .*"NOPE"/,
  });
  await assert.rejects(engine.load(folder, { ...plainOptions, pluginConfig: { NOPE: '1' } }), {
    message: /Cannot compile model into target device - .*NOPE/,
  });
  await engine.close();
});

test('refuses shapes that the model cannot take, in the words of the runtime, and goes on', async (t) => {
  const folder = temporaryFolder(t);
  const model = new IrModel();
  const [x, y] = [model.input('x', 'FP32', [1, 10]), model.input('y', 'FP32', [1, 10])];
  model.output(model.operation('Add', [x, y], { attributes: { auto_broadcast: 'numpy' }, name: 'a' })).write(folder);
  const engine = await create({ mostWaiting: 1 });
  const load = (reshape: Reshape) => engine.load(folder, { ...plainOptions, reshape });
  const just = (size: number) => ({ min: size, max: size });
  await assert.rejects(load({ kind: 'shapes', shapes: [{ input: 'x', shape: [just(3), just(7)] }] }), {
    code: 'failed-precondition',
    message: /^Model could not be reshaped with requested shape - .*Argument shapes are inconsistent\.$/,
  });
  await assert.rejects(load({ kind: 'shape', shape: [just(1), just(10)] }), {
    code: 'failed-precondition',
    message: 'Anonymous fixed shape is invalid for models with multiple inputs - Inputs: x, y',
  });
  await assert.rejects(load({ kind: 'batch', size: just(2 ** 31 - 1) }), { code: 'failed-precondition' });
  const reshaped = await load({ kind: 'batch', size: { min: 1, max: 8 } });
  assert.deepEqual(
    [...reshaped.signature.inputs, ...reshaped.signature.outputs].map(
      ({ name, shape }) => `${name} ${printShape(shape!)}`,
    ),
    ['x ([1~8],10)', 'y ([1~8],10)', 'a ([1~8],10)'],
  );
  await reshaped.close();
  await engine.close();
});

test('makes as many infer requests as asked for, or as the device likes', async (t) => {
  const folder = temporaryFolder(t);
  addModel('FP32', [1]).write(folder);
  const engine = await create({ mostWaiting: 1 });
  const three = await engine.load(folder, { ...plainOptions, inferRequests: 3 });
  assert.equal(three.inferRequests, 3);
  const config = { NUM_STREAMS: '2' };
  const best = await engine.load(folder, { ...plainOptions, inferRequests: 0, pluginConfig: config });
  assert.ok(best.inferRequests >= 2);
  await three.close();
  await best.close();
  await engine.close();
});

test('strings are right whatever was there before, long or short, with zeros or without', async (t) => {
  const engine = await create({ mostWaiting: 1 });
  const folder = temporaryFolder(t);
  identityModel('STRING').write(folder);
  const model = await engine.load(folder, plainOptions);
  const texts = [
    'hello',
    'a text of more than fifteen bytes',
    'hi',
    'x'.repeat(40),
    '',
    'a\0b',
    'y'.repeat(16),
    'a\0'.repeat(20),
  ];
  for (let round = 0; round < 200; round++) {
    const chosen = Array.from({ length: 1 + (round % 5) }, (_, i) =>
      Buffer.from(texts[(round * 3 + i * 5) % texts.length]!),
    );
    const inference = await model.infer(
      [{ precision: 'STRING', shape: [chosen.length], strings: stringsOf(chosen) }],
      {},
    );
    const { tensor } = inference.outputs[0]!;
    assert.ok(tensor.precision === 'STRING');
    assert.deepEqual(toList(tensor.strings).map(String), chosen.map(String), `round ${round}`);
    inference.release();
  }
  await model.close();
  await engine.close();
});

test('long inferences take turns on the threads that are theirs; those that wait can give up, and give their request back', async (t) => {
  const engine = await create({ mostWaiting: 8 });
  const folder = temporaryFolder(t);
  slowModel().write(folder);
  const model = await engine.load(folder, { ...plainOptions, inferRequests: 3 });
  const input: Tensor = { precision: 'FP32', shape: [256, 1024], data: new Uint8Array(256 * 1024 * 4) };
  const begun: number[] = [];
  const controller = new AbortController();
  const infer = (number: number, signal?: AbortSignal) => {
    const options = { onStart: () => begun.push(number) };
    return Promise.resolve(model.infer([input], signal ? { ...options, signal } : options));
  };
  const first = infer(1);
  const second = infer(2, controller.signal);
  const third = infer(3);
  controller.abort(new ServingError('cancelled', 'gone'));
  await assert.rejects(second, /gone/);
  assert.deepEqual(begun, [1]);
  (await first).release();
  (await third).release();
  assert.deepEqual(begun, [1, 3]);
  // All three infer requests are there again: none of these waits for another's release.
  const again = [await infer(4), await infer(5), await infer(6)];
  for (const inference of again) inference.release();
  await model.close();
  await engine.close();
});
