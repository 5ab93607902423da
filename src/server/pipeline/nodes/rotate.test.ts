import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createImage, cropped } from './float-image.ts';
import { rotated } from './rotate.ts';

/** Three by three, from 1 to 9. */
function square() {
  const image = createImage({ width: 3, height: 3, channels: 1 });
  image.samples.set([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  return image;
}

const turns: [degrees: number, samples: number[]][] = [
  [0, [1, 2, 3, 4, 5, 6, 7, 8, 9]],
  [90, [3, 6, 9, 2, 5, 8, 1, 4, 7]],
  [-90, [7, 4, 1, 8, 5, 2, 9, 6, 3]],
  [180, [9, 8, 7, 6, 5, 4, 3, 2, 1]],
];

for (const [degrees, samples] of turns) {
  test(`a turn by ${degrees} degrees`, () => assert.deepEqual([...rotated(square(), degrees).samples], samples));
}

test('what comes from outside is black, also where there is more of the picture', () => {
  const part = cropped(square(), { x: 1, y: 0, width: 1, height: 3 });
  assert.deepEqual([...rotated(part, 90).samples], [0, 5, 0]);
});
