import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { plainOptions } from '../../../../test/suites/engine-suite.ts';
import { workThreads } from '../work-threads.ts';
import { createOpenVinoEngine } from './openvino-engine.ts';
import { findLibrary, runtimeMissing } from './runtime.ts';

const search = { libraryDirectory: process.env.OPENVINO_LIB_DIR, cacheHome: process.env.XDG_CACHE_HOME };
const fixtures = join(import.meta.dirname, '../../../../test/fixtures');

for (const format of ['onnx', 'saved_model', 'frozen_graph', 'tflite', 'paddle']) {
  test(`serves a model in the format ${format}`, async () => {
    const library = findLibrary(search);
    assert.ok(library, runtimeMissing(search));
    const engine = createOpenVinoEngine({ library, mostWaiting: 1, threads: workThreads(4) });
    const model = await engine.load(join(fixtures, format, '1'), plainOptions);
    assert.deepEqual(
      model.signature.inputs.map(({ precision }) => precision),
      ['FP32'],
    );
    const data = new Uint8Array(Float32Array.of(0, 1, 2, 3).buffer);
    const inference = await model.infer([{ precision: 'FP32', shape: [1, 4], data }], {});
    const { tensor } = inference.outputs[0]!;
    assert.ok(tensor.precision === 'FP32');
    assert.deepEqual([...new Float32Array(tensor.data.slice().buffer)], [1, 3, 5, 7]);
    inference.release();
    await model.close();
    await engine.close();
  });
}
