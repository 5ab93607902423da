import type { Code } from '../model/error.ts';

/** gRPC's status codes, which are TensorFlow's error codes too. */
export const grpcStatusCode: Readonly<Record<Code, number>> = {
  cancelled: 1,
  'invalid-argument': 3,
  'deadline-exceeded': 4,
  'servable-not-found': 5,
  'version-not-found': 5,
  'version-retired': 5,
  'sequence-not-found': 5,
  'sequence-exists': 6,
  'resource-exhausted': 8,
  'failed-precondition': 9,
  aborted: 10,
  unimplemented: 12,
  internal: 13,
  'not-loaded': 14,
  'too-many-sequences': 14,
  unauthenticated: 16,
};
