import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterError } from '../cluster-error.ts';
import { configMaps, deployments } from '../kinds.ts';
import type { Kind } from '../kube-object.ts';
import { groupPath, type Place, query, resourcePath } from './resource-path.ts';

const namespaces: Kind = { apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false };

test('paths are those of the API server', () => {
  const cases: readonly (readonly [kind: Kind, place: Place, path: string])[] = [
    [configMaps, {}, '/api/v1/configmaps'],
    [configMaps, { namespace: 'a' }, '/api/v1/namespaces/a/configmaps'],
    [configMaps, { namespace: 'a', name: 'b' }, '/api/v1/namespaces/a/configmaps/b'],
    [deployments, { namespace: 'a', name: 'b' }, '/apis/apps/v1/namespaces/a/deployments/b'],
    [
      deployments,
      { namespace: 'a', name: 'b', subresource: 'status' },
      '/apis/apps/v1/namespaces/a/deployments/b/status',
    ],
    [namespaces, { name: 'a' }, '/api/v1/namespaces/a'],
    [configMaps, { namespace: 'a/../b', name: 'c?d' }, '/api/v1/namespaces/a%2F..%2Fb/configmaps/c%3Fd'],
  ];
  for (const [kind, place, path] of cases) assert.equal(resourcePath(kind, place), path);
  assert.equal(groupPath(configMaps), '/api/v1');
  assert.equal(groupPath(deployments), '/apis/apps/v1');
});

test('an object whose namespace is missing or too much is not asked for', () => {
  const cases: readonly (readonly [Kind, Place])[] = [
    [configMaps, { name: 'a' }],
    [configMaps, { namespace: '', name: 'a' }],
    [configMaps, { namespace: 'a', name: '' }],
    [configMaps, { namespace: 'a', name: '..' }],
    [namespaces, { namespace: 'a', name: 'b' }],
  ];
  for (const [kind, place] of cases) {
    assert.throws(
      () => resourcePath(kind, place),
      (error) => error instanceof ClusterError && error.code === 'invalid',
      JSON.stringify(place),
    );
  }
});

test('a query has what is there', () => {
  assert.equal(query({}), '');
  assert.equal(query({ a: undefined }), '');
  assert.equal(query({ a: 'x in (y,z)', b: 1, c: true, d: undefined, e: '' }), '?a=x+in+%28y%2Cz%29&b=1&c=true&e=');
});
