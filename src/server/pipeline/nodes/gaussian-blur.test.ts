import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imageAt } from './float-image.ts';
import { blur, gaussianKernel } from './gaussian-blur.ts';

test('weights fall from the middle to both sides, and add up to one', () => {
  for (const size of [1, 3, 5, 7, 9, 11, 31]) {
    const kernel = gaussianKernel(size);
    assert.equal(kernel.length, size);
    assert.ok(Math.abs(kernel.reduce((sum, weight) => sum + weight, 0) - 1) < 1e-12, `${size}`);
    assert.deepEqual(kernel.toReversed(), kernel);
    assert.ok(kernel.every((weight, i) => i === 0 || i > (size - 1) / 2 || weight > kernel[i - 1]!));
  }
});

test('edges are mirrored, and a part is blurred with what is around it', () => {
  const row = () => imageAt(Float32Array.of(8, 0, 0, 8), 'NHWC', { width: 4, height: 1, channels: 1 });
  const [all, part] = [row(), row()];
  blur(all, { x: 0, y: 0, width: 4, height: 1 }, gaussianKernel(3));
  assert.deepEqual([...all.samples], [4, 2, 2, 4]);
  blur(part, { x: 1, y: 0, width: 1, height: 1 }, gaussianKernel(3));
  assert.deepEqual([...part.samples], [8, 2, 0, 8]);
});

test('a kernel that is larger than the image', () => {
  const image = imageAt(Float32Array.of(6, 6), 'NCHW', { width: 2, height: 1, channels: 1 });
  blur(image, { x: 0, y: 0, width: 2, height: 1 }, gaussianKernel(31));
  assert.ok([...image.samples].every((sample) => Math.abs(sample - 6) < 1e-5));
});
