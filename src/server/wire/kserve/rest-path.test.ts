import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRestPath, servableOf } from './rest-path.ts';

const paths: readonly [path: string, what?: string, servable?: object][] = [
  ['/v2/models/m', 'metadata', { name: 'm' }],
  ['/v2/models/m/ready', 'ready', { name: 'm' }],
  ['/v2/models/m/infer', 'infer', { name: 'm' }],
  ['/v2/models/m/versions/3', 'metadata', { name: 'm', version: 3 }],
  ['/v2/models/m/versions/3/infer', 'infer', { name: 'm', version: 3 }],
  ['/v2/models/m/versions/0/infer', 'infer', { name: 'm' }],
  ['/v2/models/m/versions/0/ready', 'ready', { name: 'm', version: 0 }],
  ['/v2/models/a%2Fb:c/infer', 'infer', { name: 'a/b:c' }],
  ['/v2/models/ready', 'metadata', { name: 'ready' }],
  ['/v2/models/'],
  ['/v2/models/m/'],
  ['/v2/models/m/generate'],
  ['/v2/models/m/versions/x'],
  ['/v2/models/m/versions/-1/infer'],
  ['/v2/models/m/versions/99999999999999999999'],
  ['/v2/models/%zz'],
  ['/v1/models/m'],
];

for (const [path, what, servable] of paths) {
  test(`${path} asks for ${what ?? 'nothing'}`, () => {
    const parsed = parseRestPath(path);
    assert.equal(parsed?.what, what);
    assert.deepEqual(parsed && servableOf(parsed), servable);
  });
}
