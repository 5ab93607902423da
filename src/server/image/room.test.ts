import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Room } from './room.ts';

test('memory is charged for as much as there was at a time', () => {
  const charged: number[] = [];
  const room = new Room((bytes) => charged.push(bytes));
  room.take(10);
  room.take(5);
  room.give(10);
  room.take(8);
  room.give(5);
  room.give(8);
  room.take(20);
  assert.deepEqual(charged, [10, 5, 5]);
});

test('what is refused is not taken', () => {
  let left = 10;
  const room = new Room((bytes) => {
    if (bytes > left) throw new Error('no more');
    left -= bytes;
  });
  room.take(8);
  assert.throws(() => room.take(5), /no more/);
  room.give(8);
  room.take(10);
  assert.equal(left, 0);
});
