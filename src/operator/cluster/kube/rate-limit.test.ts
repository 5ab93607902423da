import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock, settle } from '../../../../test/support/fake-clock.ts';
import { RateLimit } from './rate-limit.ts';

test('a burst goes through at once, the rest at the rate, in order', async () => {
  const clock = new FakeClock();
  const limit = new RateLimit(clock, { perSecond: 10, burst: 3 });
  const through: number[] = [];
  for (let caller = 0; caller < 6; caller++) limit.turn().then(() => through.push(caller));
  await settle();
  assert.deepEqual(through, [0, 1, 2]);
  await clock.advance(100);
  assert.deepEqual(through, [0, 1, 2, 3]);
  await clock.advance(200);
  assert.deepEqual(through, [0, 1, 2, 3, 4, 5]);

  // Half a second of rest is worth as many as fit into the burst.
  await clock.advance(500);
  for (let caller = 6; caller < 12; caller++) limit.turn().then(() => through.push(caller));
  await settle();
  assert.equal(through.length, 9);
});

test('whoever gives up while waiting gets the reason', async () => {
  const clock = new FakeClock();
  const limit = new RateLimit(clock, { perSecond: 1, burst: 1 });
  await limit.turn();
  const controller = new AbortController();
  const waiting = limit.turn(controller.signal);
  const reason = new Error('enough');
  controller.abort(reason);
  await assert.rejects(waiting, (error) => error === reason);
});
