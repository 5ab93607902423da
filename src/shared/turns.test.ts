import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settle } from '../../test/support/fake-clock.ts';
import { Turns } from './turns.ts';

const never = new AbortController().signal;

test('lets so many at a time, the others in their order, and forgets those who give up', async () => {
  const turns = new Turns(2);
  const began: number[] = [];
  const controller = new AbortController();
  const take = (who: number, signal = never) => turns.take(signal).then(() => began.push(who));
  const asked = [take(1), take(2), take(3), take(4, controller.signal), take(5)];
  const refused = assert.rejects(asked[3]!, { message: 'enough' });
  await settle();
  assert.deepEqual(began, [1, 2]);
  controller.abort(new Error('enough'));
  await refused;
  await assert.rejects(take(6, controller.signal), { message: 'enough' });
  turns.giveBack();
  turns.giveBack();
  await settle();
  assert.deepEqual(began, [1, 2, 3, 5]);
  for (let i = 0; i < 2; i++) turns.giveBack();
  await Promise.all([take(7), take(8)]);
  assert.deepEqual(began, [1, 2, 3, 5, 7, 8]);
});
