import assert from 'node:assert/strict';
import { test } from 'node:test';
import { validExamples } from '../../../test/crds/examples.ts';
import { modelServer } from '../../../test/support/model-server.ts';
import type { ModelServer } from '../api/model-server.ts';
import { podTemplate } from './pod-template.ts';
import { templateInputs } from './template-inputs.ts';

const image = 'registry.example.com/modelserver:1';
const ownVolumes = {
  models: [
    { name: 'b', image: { reference: 'r/b:1', subPath: 'p', pullPolicy: 'Always' } },
    { name: 'a', persistentVolumeClaim: { claimName: 'a', subPath: 'p' } },
  ],
};
const examples = [
  ...validExamples().map(({ file, object }) => ({ name: file, spec: object.spec })),
  { name: 'volumes of their own', spec: ownVolumes },
];

/**
 * Operators that have been released know pods by these: with another hash here, all pods of all ModelServers roll when the operator is
 * upgraded. Is there a new field with a default? `templateInputs` leaves it out where it has that. Never change a line without a
 * word in CHANGELOG.md.
 */
const known: [example: string, hash: string][] = [
  ['minimal', '986a95a423'],
  ['everything-set', 'f286312a2f'],
  ['model-images', '33ed393d25'],
];

for (const [name, hash] of known) {
  test(`pods of ${name} do not roll because the operator is upgraded`, () => {
    const { spec } = examples.find((example) => example.name === name)!;
    assert.deepEqual(templateInputs(modelServer(spec), image), { spec: hash, image, generation: 1 });
  });
}

for (const { name, spec } of examples) {
  test(`whatever changes the pods of ${name} is among the inputs, and nothing else`, () => {
    const owner = modelServer(spec);
    const before = identify(owner);
    let count = 0;
    for (const path of leavesOf(owner.spec)) {
      count++;
      const after = identify(changed(owner, path));
      const where = path.join('.');
      if (after.revision !== before.revision) assert.notEqual(after.inputs, before.inputs, where);
      else assert.equal(after.inputs, before.inputs, where);
    }
    assert.ok(count > 15, `${count} fields were changed`);
  });
}

test('models with volumes are the same in another order', () => {
  const models = ownVolumes.models.toReversed();
  assert.equal(identify(modelServer({ models })).inputs, identify(modelServer(ownVolumes)).inputs);
});

function identify(owner: ModelServer): { revision: string; inputs: string } {
  const { revision, inputs } = podTemplate(owner, owner.spec.image ?? image);
  return { revision, inputs: JSON.stringify(inputs) };
}

type Path = readonly (string | number)[];

function leavesOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, part]) => leavesOf(part, [...path, key]));
}

function changed(owner: ModelServer, path: Path): ModelServer {
  const copy = structuredClone(owner);
  // biome-ignore lint/suspicious/noExplicitAny: any field at all
  const parent = path.slice(0, -1).reduce((part: any, key) => part[key], copy.spec);
  parent[path.at(-1)!] = other(parent[path.at(-1)!]);
  return copy;
}

/** Durations and quantities stay such. */
function other(value: unknown): unknown {
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return value + 1;
  return /^\d/.test(value as string) ? `1${value}` : `${value}x`;
}
