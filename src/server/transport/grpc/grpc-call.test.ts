import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { Metadata } from '@grpc/grpc-js';
import { ByteBudget } from '../byte-budget.ts';
import { GrpcCall } from './grpc-call.ts';

function surface() {
  const call = { cancelled: false, getDeadline: () => Number.POSITIVE_INFINITY, getHost: () => '' };
  return Object.assign(new EventEmitter(), call, { metadata: new Metadata() });
}

test('the signal aborts when the client goes, and not when grpc-js says so after the answer', () => {
  const gone = surface();
  const { signal } = new GrpcCall(gone, 'test.Service/Call', new ByteBudget(0), undefined);
  gone.emit('cancelled');
  assert.match(String(signal.reason), /Request was cancelled/);
  const answered = surface();
  const call = new GrpcCall(answered, 'test.Service/Call', new ByteBudget(0), undefined);
  const kept = call.signal;
  call.finish();
  answered.emit('cancelled');
  assert.equal(kept.aborted, false);
});
