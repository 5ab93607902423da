import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { systemClock } from '../../../shared/clock.ts';
import type { CustomNodeLibrary } from '../custom-node.ts';
import { createFindLibrary } from './find-library.ts';

const libraries: CustomNodeLibrary[] = [];
after(() => Promise.all(libraries.map((library) => library.close())));
const limits = { milliseconds: 10_000, mebibytes: 64 };
const find = createFindLibrary({ clock: systemClock, limits, workers: 1, mostWaiting: 1, print: () => {} });

for (const basePath of ['/ovms/lib/custom_nodes/libcustom_node_add_one.so', './libcustom_node_add_one.so', 'add_one']) {
  test(`${basePath} is the node of our own`, async () => {
    const library = await find({ name: 'add', basePath });
    libraries.push(library);
    const node = await library.open({ add_number: '3', sub_number: '1' });
    const data = new Uint8Array(Float32Array.from({ length: 10 }, (_, i) => i).buffer);
    const [output] = await node.execute([{ precision: 'FP32', shape: [1, 10], data }], { takeMemory: () => {} });
    assert.ok(output && 'data' in output);
    assert.deepEqual([...new Float32Array(output.data.slice().buffer)], [2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    await assert.rejects(async () => library.open({ add_number: 'x' }), {
      code: 'invalid-argument',
      message: 'parameter add_number - Expected: an integer from 0; Actual: "x"',
    });
  });
}

test('other shared objects are refused, with what there is', async () => {
  await assert.rejects(find({ name: 'mine', basePath: '/lib/libcustom_node_mine.so' }), {
    code: 'invalid-argument',
    message:
      /^\/lib\/libcustom_node_mine\.so is neither built in \(add_one, .*\) nor an ES module \(\*\.mjs, \*\.js, \*\.ts\)$/,
  });
});

test('modules that are not there', async () => {
  for (const basePath of ['/nowhere/node.mjs', 'node.mjs']) {
    await assert.rejects(find({ name: 'mine', basePath }), {
      code: 'invalid-argument',
      message: `there is no file ${basePath}`,
    });
  }
});

test('large images are transformed in a worker, to the same', async () => {
  const library = await find({ name: 'transform', basePath: 'image_transformation' });
  libraries.push(library);
  const parameters = { original_image_layout: 'NHWC', target_image_color_order: 'RGB', scale: '2' };
  const node = await library.open(parameters);
  const call = { takeMemory: () => {} };
  for (const [side, isSmall] of [
    [8, true],
    [200, false],
  ] as const) {
    const samples = Float32Array.from({ length: side * side * 3 }, (_, i) => i);
    const shape = [1, side, side, 3];
    const answer = node.execute([{ precision: 'FP32', shape, data: new Uint8Array(samples.buffer) }], call);
    assert.equal(Array.isArray(answer), isSmall, 'small ones are answered at once');
    const [output] = await answer;
    assert.ok(output && 'data' in output);
    assert.deepEqual(output.shape, shape);
    const expected = samples.map((_, i) => (i + 2 - 2 * (i % 3)) / 2);
    assert.deepEqual(new Float32Array(output.data.slice().buffer), expected);
  }
});
