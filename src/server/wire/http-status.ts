import type { Code } from '../model/error.ts';

/** HTTP's status codes, as OpenVINO Model Server and TensorFlow Serving choose them. */
export const httpStatusCode: Readonly<Record<Code, number>> = {
  aborted: 204,
  'invalid-argument': 400,
  unauthenticated: 401,
  'servable-not-found': 404,
  'version-not-found': 404,
  'version-retired': 404,
  'not-loaded': 404,
  'sequence-not-found': 404,
  'sequence-exists': 409,
  'failed-precondition': 412,
  'resource-exhausted': 429,
  cancelled: 499,
  internal: 500,
  unimplemented: 501,
  'too-many-sequences': 503,
  'deadline-exceeded': 504,
};
