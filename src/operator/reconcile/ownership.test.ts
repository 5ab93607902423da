import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelServer } from '../../../test/support/model-server.ts';
import type { KubeObject, OwnerReference } from '../cluster/kube-object.ts';
import { owned } from '../desired/owned.ts';
import { type Ownership, ownershipOf } from './ownership.ts';

const owner = modelServer();
const { ownerReferences, ...unowned } = owned(owner, 'x', { 'modelserver.dev/applied': 'hash' });
const ours = ownerReferences![0]!;
const other: OwnerReference = { apiVersion: 'example.com/v1', kind: 'Other', name: 'x', uid: '7', controller: true };

const cases: [what: string, metadata: Partial<KubeObject['metadata']>, ownership: Ownership][] = [
  ['made by us', { ...unowned, ownerReferences: [ours] }, 'ours'],
  [
    'ours, and somebody else wants to know of it',
    { ...unowned, ownerReferences: [{ ...other, controller: false }, ours] },
    'ours',
  ],
  ['ours without labels', { ownerReferences: [ours] }, 'ours'],
  ['of a deleted namesake', { ...unowned, ownerReferences: [{ ...ours, uid: 'before' }] }, 'leftover'],
  [
    'of a namesake of another version',
    { ownerReferences: [{ ...ours, uid: 'before', apiVersion: 'modelserver.dev/v1' }] },
    'leftover',
  ],
  ['of another ModelServer', { ...unowned, ownerReferences: [{ ...ours, name: 'y', uid: 'y' }] }, 'foreign'],
  ["of another's controller, of the same name", { ownerReferences: [other] }, 'foreign'],
  [
    'taken over by another controller',
    { ...unowned, ownerReferences: [other, { ...ours, controller: false }] },
    'foreign',
  ],
  ['made by hand', {}, 'foreign'],
  ['made by hand, with our label', { labels: { 'modelserver.dev/name': 'x' } }, 'foreign'],
  ['ours, and the reference was taken away', { ...unowned }, 'ours'],
  ['copied from another of ours', { ...unowned, labels: { 'modelserver.dev/name': 'y' } }, 'foreign'],
];

for (const [what, metadata, ownership] of cases) {
  test(`${ownership}: ${what}`, () => {
    const live: KubeObject = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'x', ...metadata } };
    assert.equal(ownershipOf(live, owner), ownership);
  });
}
