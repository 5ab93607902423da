import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseModelPath } from './model-path.ts';

const paths: readonly [path: string, parsed: ReturnType<typeof parseModelPath>][] = [
  ['/v1/models/m', { servable: { name: 'm' }, what: 'status' }],
  ['/v1/models/m/metadata', { servable: { name: 'm' }, what: 'metadata' }],
  ['/v1/models/m:predict', { servable: { name: 'm' }, what: 'predict' }],
  ['/v1/models/m:classify', { servable: { name: 'm' }, what: 'classify' }],
  ['/v1/models/m/versions/3', { servable: { name: 'm', version: 3 }, what: 'status' }],
  ['/v1/models/m/versions/0:predict', { servable: { name: 'm' }, what: 'predict' }],
  ['/v1/models/m/versions/12:predict', { servable: { name: 'm', version: 12 }, what: 'predict' }],
  ['/v1/models/m/versions/12/metadata', { servable: { name: 'm', version: 12 }, what: 'metadata' }],
  ['/v1/models/m/labels/stable:predict', { servable: { name: 'm', label: 'stable' }, what: 'predict' }],
  ['/v1/models/m/labels/st%C3%A4ble', { servable: { name: 'm', label: 'stäble' }, what: 'status' }],
  ['/v1/models/a%2Fb%3Ac:predict', { servable: { name: 'a/b:c' }, what: 'predict' }],
  ['/v1/models/metadata', { servable: { name: 'metadata' }, what: 'status' }],
  ['/v1/models/', undefined],
  ['/v1/models/m/', undefined],
  ['/v1/models/m:predict/', undefined],
  ['/v1/models/m:explain', undefined],
  ['/v1/models/m/versions/-1', undefined],
  ['/v1/models/m/versions/1a', undefined],
  ['/v1/models/m/versions/99999999999999999999', undefined],
  ['/v1/models/m/versions/1/labels/a', undefined],
  ['/v1/models/m/n/metadata', undefined],
  ['/v1/models/%zz', undefined],
  ['/v1/models/m/labels/%zz', undefined],
  ['/v2/models/m', undefined],
];

for (const [path, parsed] of paths) {
  test(`${path} asks for ${parsed?.what ?? 'nothing'}`, () => assert.deepEqual(parseModelPath(path), parsed));
}
