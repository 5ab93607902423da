import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../cluster/kube-object.ts';
import { Written } from './written.ts';

const at = (resourceVersion: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'x', resourceVersion },
});
const versionOf = (object: KubeObject | undefined) => object?.metadata.resourceVersion;

/** What was put (seen, result), what the cache has, and what is to be read; `-` for nothing. */
const cases: [what: string, put: [string, string] | undefined, cached: string, read: string][] = [
  ['nothing was written', undefined, '1', '1'],
  ['nothing is there', undefined, '-', '-'],
  ['the cache has not heard of a change', ['1', '2'], '1', '2'],
  ['the cache has not heard of what was made', ['-', '1'], '-', '1'],
  ['the cache has not heard of a deletion', ['1', '-'], '1', '-'],
  ['the cache has heard of it', ['1', '2'], '2', '2'],
  ['the cache knows of a later change', ['1', '2'], '3', '3'],
  ['the cache knows that it is gone since', ['1', '2'], '-', '-'],
];

const some = (version: string) => (version === '-' ? undefined : at(version));

for (const [what, put, cached, read] of cases) {
  test(`written: ${what}`, () => {
    const written = new Written();
    if (put) written.put('k', versionOf(some(put[0])), some(put[1]));
    assert.equal(versionOf(written.read('k', some(cached))) ?? '-', read);
    assert.equal(versionOf(written.read('other', at('9'))), '9');
  });
}

test('once the cache has caught up, or an event has come, what was written counts no more', () => {
  const written = new Written();
  written.put('k', '1', at('2'));
  written.read('k', at('3'));
  assert.equal(versionOf(written.read('k', at('1'))), '1');
  written.put('k', '1', at('2'));
  written.forget('k');
  assert.equal(versionOf(written.read('k', at('1'))), '1');
});
