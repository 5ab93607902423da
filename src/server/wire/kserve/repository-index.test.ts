import assert from 'node:assert/strict';
import { test } from 'node:test';
import { protoType } from '../../../../test/support/proto-type.ts';
import type { VersionState, VersionStatus } from '../../model/version-status.ts';
import { decodeRepositoryIndexRequest, encodeRepositoryIndexResponse, repositoryIndex } from './repository-index.ts';

const file = 'grpc_predict_v2.proto';
const request = protoType(file, 'inference.RepositoryIndexRequest');
const response = protoType(file, 'inference.RepositoryIndexResponse');

const status = (version: number, state: VersionState, cause?: string): VersionStatus => ({
  version,
  state,
  errorCode: cause === undefined ? 'OK' : 'UNKNOWN',
  errorMessage: cause ?? 'OK',
});

const table: [status: VersionStatus, state: string, reason: string][] = [
  [status(1, 'END'), 'UNAVAILABLE', 'unloaded'],
  [status(2, 'UNLOADING'), 'UNLOADING', ''],
  [status(3, 'LOADING', 'no model'), 'UNAVAILABLE', 'no model'],
  [status(4, 'AVAILABLE', 'changed, and broken'), 'READY', 'changed, and broken'],
  [status(5, 'AVAILABLE'), 'READY', ''],
  [status(6, 'LOADING'), 'LOADING', ''],
  [status(7, 'START'), 'LOADING', ''],
];
const statuses = new Map([
  ['empty', []],
  ['m', table.map(([each]) => each)],
]);
const entries = table.map(([{ version }, state, reason]) => ({ name: 'm', version: `${version}`, state, reason }));

test('every version, and a model without any', () => {
  assert.deepEqual(repositoryIndex(statuses, false), [
    { name: 'empty', version: '', state: 'UNAVAILABLE', reason: 'no version was found' },
    ...entries,
  ]);
});

test('only what is ready', () => {
  assert.deepEqual(
    repositoryIndex(statuses, true),
    entries.filter(({ version }) => version === '4' || version === '5'),
  );
});

test('requests and answers as protobufjs has them', () => {
  for (const ready of [true, false]) {
    const bytes = request.encode({ repository_name: 'any', ready });
    assert.equal(decodeRepositoryIndexRequest(bytes), ready);
  }
  const told = response.decode(encodeRepositoryIndexResponse(repositoryIndex(statuses, true)));
  assert.deepEqual(told.models, [
    { name: 'm', version: '4', state: 'READY', reason: 'changed, and broken' },
    { name: 'm', version: '5', state: 'READY', reason: '' },
  ]);
});
