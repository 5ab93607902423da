import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codes } from '../model/error.ts';
import { grpcStatusCode } from './grpc-status.ts';

/** gRPC's own numbers, by their names. */
const grpc = {
  CANCELLED: 1,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

const expected: Readonly<Record<string, keyof typeof grpc>> = {
  'invalid-argument': 'INVALID_ARGUMENT',
  'servable-not-found': 'NOT_FOUND',
  'version-not-found': 'NOT_FOUND',
  'version-retired': 'NOT_FOUND',
  'not-loaded': 'UNAVAILABLE',
  'sequence-not-found': 'NOT_FOUND',
  'sequence-exists': 'ALREADY_EXISTS',
  'too-many-sequences': 'UNAVAILABLE',
  'failed-precondition': 'FAILED_PRECONDITION',
  'resource-exhausted': 'RESOURCE_EXHAUSTED',
  aborted: 'ABORTED',
  cancelled: 'CANCELLED',
  'deadline-exceeded': 'DEADLINE_EXCEEDED',
  unimplemented: 'UNIMPLEMENTED',
  internal: 'INTERNAL',
  unauthenticated: 'UNAUTHENTICATED',
};

test('every code has the gRPC status that clients know it by', () => {
  assert.deepEqual(Object.keys(expected).toSorted(), [...codes].toSorted());
  for (const code of codes) assert.equal(grpcStatusCode[code], grpc[expected[code]!], code);
});
