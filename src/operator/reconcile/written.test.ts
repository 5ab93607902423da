import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../cluster/kube-object.ts';
import { Written } from './written.ts';

const object = (resourceVersion: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'x', resourceVersion },
});

test('what was written is known before the watch tells of it', async () => {
  const written = new Written();
  await written.record('x', undefined, async () => object('2'));
  assert.equal(written.read('x', undefined)?.metadata.resourceVersion, '2');
  await written.record('x', undefined, async () => undefined);
  assert.equal(written.read('x', undefined), undefined);
});

test('what the cache has since is newer', async () => {
  const written = new Written();
  await written.record('x', '1', async () => object('2'));
  assert.equal(written.read('x', object('1'))?.metadata.resourceVersion, '2');
  assert.equal(written.read('x', object('3'))?.metadata.resourceVersion, '3');
  assert.equal(written.read('x', object('1'))?.metadata.resourceVersion, '1', 'forgotten');
});

test('what the watch told of and took back before the answer came does not live on', async () => {
  const written = new Written();
  await written.record('x', undefined, async () => {
    written.forget('x');
    written.forget('x');
    return object('2');
  });
  assert.equal(written.read('x', undefined), undefined);
});

test('nothing is remembered of a write that failed', async () => {
  const written = new Written();
  await assert.rejects(written.record('x', '1', () => Promise.reject(new Error('no answer'))));
  assert.equal(written.read('x', object('1'))?.metadata.resourceVersion, '1');
});
