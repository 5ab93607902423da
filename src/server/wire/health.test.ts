import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServingError } from '../model/error.ts';
import { decodeHealthCheckRequest, encodeHealthCheckResponse } from './health.ts';

test('reads which service is asked for', () => {
  assert.equal(decodeHealthCheckRequest(Buffer.alloc(0)), '');
  assert.equal(decodeHealthCheckRequest(Buffer.from('\x0a\x06digits')), 'digits');
  assert.equal(decodeHealthCheckRequest(Buffer.from('\x10\x01\x0a\x06digits')), 'digits', 'behind an unknown field');
});

test('writes each status by its number', () => {
  assert.deepEqual(Buffer.from(encodeHealthCheckResponse('SERVING')), Buffer.of(0x08, 1));
  assert.deepEqual(Buffer.from(encodeHealthCheckResponse('NOT_SERVING')), Buffer.of(0x08, 2));
  assert.deepEqual(Buffer.from(encodeHealthCheckResponse('SERVICE_UNKNOWN')), Buffer.of(0x08, 3));
});

test('refuses bytes that are no request', () => {
  for (const bytes of [[0x0a], [0x0a, 5, 0x61], [0x0c], [0x0f]]) {
    assert.throws(
      () => decodeHealthCheckRequest(Buffer.from(bytes)),
      (error) => error instanceof ServingError && error.code === 'invalid-argument',
      String(bytes),
    );
  }
});
