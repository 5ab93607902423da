import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject, ObjectMeta } from '../cluster/kube-object.ts';
import { fromKey, toKey } from '../cluster/object-key.ts';
import { byLabel, byOwner, Store } from './store.ts';

interface Thing extends KubeObject {
  readonly spec?: unknown;
  readonly status?: unknown;
}

const thing = (metadata: Partial<ObjectMeta> & { readonly managedFields?: unknown }, rest: object = {}): Thing => ({
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: { name: 'x', namespace: 'ns', ...metadata },
  ...rest,
});
const ownedBy = (...uids: string[]) => ({
  ownerReferences: uids.map((uid) => ({ apiVersion: 'v1', kind: 'Owner', name: uid, uid })),
});
const names = (things: readonly Thing[]) => things.map(({ metadata: { name } }) => name).sort();

test('a key is the namespace and the name, and back', () => {
  for (const [at, key] of [
    [{ namespace: 'ns', name: 'x' }, 'ns/x'],
    [{ name: 'x' }, 'x'],
  ] as const) {
    assert.equal(toKey(at), key);
    assert.deepEqual(fromKey(key), at);
  }
});

test('objects are found by key, one for each', () => {
  const store = new Store<Thing>();
  store.put(thing({ resourceVersion: '1' }));
  store.put(thing({ resourceVersion: '2' }));
  store.put(thing({ namespace: 'other' }));
  assert.equal(store.get('ns/x')?.metadata.resourceVersion, '2');
  assert.deepEqual([...store.entries()].map(([key]) => key).sort(), ['ns/x', 'other/x']);
  assert.equal(store.remove('ns/x')?.metadata.resourceVersion, '2');
  assert.equal(store.remove('ns/x'), undefined);
  assert.equal(store.get('ns/x'), undefined);
  assert.equal(store.size, 1);
});

test('objects are found by those who own them and by a label, as these change', () => {
  const store = new Store({ indexes: { owner: byOwner, server: byLabel('server') } });
  const find = () => [
    names(store.find('owner', 'u1')),
    names(store.find('owner', 'u2')),
    names(store.find('server', 'ns/s')),
    names(store.find('server', 'other/s')),
  ];
  store.put(thing({ name: 'a', ...ownedBy('u1'), labels: { server: 's' } }));
  store.put(thing({ name: 'b', ...ownedBy('u1', 'u2') }));
  store.put(thing({ name: 'c', namespace: 'other', labels: { server: 's' } }));
  store.put(thing({ name: 'd' }));
  assert.deepEqual(find(), [['a', 'b'], ['b'], ['a'], ['c']]);
  store.put(thing({ name: 'a', ...ownedBy('u2'), labels: { server: 't' } }));
  assert.deepEqual(find(), [['b'], ['a', 'b'], [], ['c']]);
  assert.deepEqual(names(store.find('server', 'ns/t')), ['a']);
  store.remove('ns/b');
  store.remove('other/c');
  assert.deepEqual(find(), [[], ['a'], [], []]);
});

test('what is in no namespace is found under the bare value of its label', () => {
  const store = new Store({ indexes: { server: byLabel('server') } });
  store.put({ apiVersion: 'v1', kind: 'Thing', metadata: { name: 'a', labels: { server: 's' } } });
  assert.deepEqual(names(store.find('server', 's')), ['a']);
});

test('only what is worth its memory is kept, never the managed fields', () => {
  const given = thing({ managedFields: [{ manager: 'kubectl' }] }, { spec: 1, status: 2 });
  const whole = new Store<Thing>();
  assert.deepEqual(whole.put(given), thing({}, { spec: 1, status: 2 }));
  const slim = new Store<Thing>({ slim: ({ spec: _, ...rest }) => rest });
  assert.deepEqual(slim.put(given), thing({}, { status: 2 }));
  assert.deepEqual(slim.get('ns/x'), thing({}, { status: 2 }));
  assert.ok('managedFields' in given.metadata, 'what was given is left alone');
});
