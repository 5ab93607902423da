import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterErrorCode } from '../cluster-error.ts';
import { answerError, eventError } from './answer-error.ts';

const status = (code: number, reason: string, more: object = {}) =>
  JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', message: 'because', reason, code, ...more });

test('an answer is the error that the API server means', () => {
  const causes = (field: string) => ({ details: { causes: [{ reason: 'FieldValueInvalid', field }] } });
  const cases: readonly (readonly [http: number, body: string, code: ClusterErrorCode, message?: string])[] = [
    [404, status(404, 'NotFound'), 'not-found'],
    [404, '404 page not found\n', 'not-found', '404 page not found'],
    [409, status(409, 'AlreadyExists'), 'already-exists'],
    [409, status(409, 'Conflict'), 'conflict'],
    [410, status(410, 'Expired'), 'gone'],
    [410, status(410, 'Gone'), 'gone'],
    [422, status(422, 'Invalid', causes('spec.replicas')), 'invalid'],
    [422, status(422, 'Invalid', causes('metadata.uid')), 'conflict'],
    [400, status(400, 'BadRequest'), 'invalid'],
    [413, status(413, 'RequestEntityTooLarge'), 'invalid'],
    [415, status(415, 'UnsupportedMediaType'), 'invalid'],
    [405, status(405, 'MethodNotAllowed'), 'invalid'],
    [403, status(403, 'Forbidden'), 'forbidden'],
    [403, status(403, 'Forbidden', { details: { causes: [{ reason: 'NamespaceTerminating' }] } }), 'terminating'],
    [401, status(401, 'Unauthorized'), 'unavailable'],
    [429, status(429, 'TooManyRequests'), 'throttled'],
    [500, status(500, 'InternalError'), 'unavailable'],
    [500, status(500, 'ServerTimeout'), 'unavailable'],
    [
      500,
      status(500, '', { message: 'failed to create typed patch object (x): .a: not declared' }),
      'invalid',
      'failed to create typed patch object (x): .a: not declared',
    ],
    [
      500,
      status(500, '', { message: 'failed to convert new object (x): quantities' }),
      'invalid',
      'failed to convert new object (x): quantities',
    ],
    [503, status(503, 'ServiceUnavailable'), 'unavailable'],
    [504, status(504, 'Timeout'), 'unavailable'],
    [502, '<html>Bad gateway</html>', 'unavailable', '<html>Bad gateway</html>'],
    [502, '', 'unavailable', 'The API server answered with HTTP status 502'],
    [418, 'null', 'invalid', 'null'],
    [301, '', 'unavailable', 'The API server answered with HTTP status 301'],
  ];
  for (const [http, body, code, message = 'because'] of cases) {
    const error = answerError(http, body);
    assert.deepEqual([error.code, error.message, error.retryAfterMs], [code, message, undefined], `${http} ${body}`);
  }
});

test('a wait is told in milliseconds, wherever the API server says it', () => {
  const inFiveMinutes = new Date(Date.now() + 300_000).toUTCString();
  const cases: readonly (readonly [
    header: string | undefined,
    body: string,
    ms: readonly [number, number] | undefined,
  ])[] = [
    ['7', status(429, 'TooManyRequests'), [7000, 7000]],
    ['0', status(429, 'TooManyRequests'), [0, 0]],
    [inFiveMinutes, 'x', [290_000, 300_000]],
    [new Date(0).toUTCString(), 'x', [0, 0]],
    ['soon', 'x', undefined],
    [undefined, status(429, 'TooManyRequests', { details: { retryAfterSeconds: 2 } }), [2000, 2000]],
    ['3', status(429, 'TooManyRequests', { details: { retryAfterSeconds: 2 } }), [3000, 3000]],
  ];
  for (const [header, body, ms] of cases) {
    const { retryAfterMs } = answerError(429, body, header);
    if (!ms) assert.equal(retryAfterMs, undefined);
    else assert.ok(retryAfterMs! >= ms[0] && retryAfterMs! <= ms[1], `${header}: ${retryAfterMs}`);
  }
});

test('a long body is not told in full', () => {
  assert.equal(answerError(502, 'x'.repeat(10_000)).message.length, 1024);
});

test('an event is the error that it brings', () => {
  assert.equal(eventError(JSON.parse(status(410, 'Expired'))).code, 'gone');
  assert.equal(eventError({ kind: 'Status', code: 410 }).code, 'gone');
  assert.equal(eventError({}).code, 'unavailable');
});
