import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { orAborted, startDeadline } from './deadline.ts';

test('a deadline passes in time, unless it is postponed', async () => {
  const clock = new FakeClock();
  using deadline = startDeadline(clock, 100, 'too long');
  await clock.advance(60);
  deadline.postpone();
  await clock.advance(99);
  assert.equal(deadline.signal.aborted, false);
  await clock.advance(1);
  assert.equal(deadline.signal.reason.name, 'TimeoutError');
  assert.equal(deadline.signal.reason.message, 'too long');
});

test('a deadline passes with its parent, and leaves nothing behind', () => {
  const clock = new FakeClock();
  const parent = new AbortController();
  const reason = new Error('enough');
  {
    using deadline = startDeadline(clock, 100, 'too long', parent.signal);
    assert.equal(getEventListeners(parent.signal, 'abort').length, 1);
    parent.abort(reason);
    assert.equal(deadline.signal.reason, reason);
    using late = startDeadline(clock, 100, 'too long', parent.signal);
    assert.equal(late.signal.reason, reason);
  }
  assert.equal(clock.waiting, 0);
  const other = new AbortController();
  startDeadline(clock, 100, 'too long', other.signal)[Symbol.dispose]();
  assert.equal(getEventListeners(other.signal, 'abort').length, 0);
  assert.equal(clock.waiting, 0);
});

test('work that heeds no signal is left as soon as that is aborted', async () => {
  const controller = new AbortController();
  assert.equal(await orAborted(Promise.resolve(1), controller.signal), 1);
  await assert.rejects(orAborted(Promise.reject(new Error('failed')), controller.signal), { message: 'failed' });
  const hung = orAborted(new Promise(() => {}), controller.signal);
  controller.abort(new Error('enough'));
  await assert.rejects(hung, { message: 'enough' });
  await assert.rejects(orAborted(Promise.reject(new Error('late')), controller.signal), { message: 'enough' });
  await assert.rejects(orAborted(Promise.resolve(1), controller.signal), { message: 'enough' });
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
});
