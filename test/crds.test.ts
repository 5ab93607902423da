import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { type Place, readCustomResource, type Schema, walk } from '../scripts/crd-schema.ts';
import { crdReference, referenceFile } from '../scripts/generate-crd-reference.ts';
import { crdTypes, typesFile } from '../scripts/generate-crd-types.ts';
import type { ModelServer } from '../src/operator/api/model-server.ts';
import { group } from '../src/operator/api/names.ts';
import { modelServers } from '../src/operator/cluster/kinds.ts';
import type { KubeObject } from '../src/operator/cluster/kube-object.ts';
import { applyDefaults } from './crds/apply-defaults.ts';
import { invalidExamples, validExamples } from './crds/examples.ts';
import { schemaProblems } from './crds/schema-problems.ts';

const resource = readCustomResource();
const { metadata: _, ...fields } = resource.schema.properties!;
const places = Object.entries(fields).flatMap(([path, schema]) => [...walk({ path, schema })]);
const spec = places.filter(({ path }) => path.startsWith('spec'));

/** The paths of those places that a fault is found in. */
const faulty = (among: readonly Place[], isFaulty: (schema: Schema, path: string) => boolean) =>
  among.filter(({ schema, path }) => isFaulty(schema, path)).map(({ path }) => path);

test('the CRD names the resource as the operator does', () => {
  assert.equal(resource.group, group);
  assert.equal(`${resource.group}/${resource.version}`, modelServers.apiVersion);
  assert.equal(resource.kind, modelServers.kind);
  assert.ok(places.length > 180, `only ${places.length} places were read`);
});

const described = { description: 'A field.' };

/** Each with a schema that breaks it. */
const laws: [
  law: string,
  among: readonly Place[],
  isFaulty: (schema: Schema, path: string) => boolean,
  fault: Schema,
][] = [
  [
    'every field is described, in a sentence',
    places,
    ({ description = '' }) => !/^[A-Z].*\.$/s.test(description.trim()),
    { type: 'string' },
  ],
  [
    'every list is bounded',
    places,
    ({ type, maxItems }) => type === 'array' && maxItems === undefined,
    { type: 'array', items: { type: 'string' } },
  ],
  [
    'every map is bounded',
    places,
    ({ additionalProperties, maxProperties }) => additionalProperties !== undefined && maxProperties === undefined,
    { type: 'object', additionalProperties: { type: 'string' } },
  ],
  [
    'every text is bounded',
    places,
    ({ type, format, ...schema }, path) =>
      (type === 'string' || schema['x-kubernetes-int-or-string'] === true) &&
      ![schema.maxLength, schema.enum].some(Boolean) &&
      format !== 'date-time' &&
      path.includes('.'),
    { type: 'string', minLength: 1 },
  ],
  [
    'every number of the spec is bounded',
    spec,
    ({ type, minimum, maximum }) => type === 'integer' && (minimum === undefined || maximum === undefined),
    { type: 'integer', minimum: 0 },
  ],
  [
    'every list says how it is merged',
    places,
    (schema) => schema.type === 'array' && !schema['x-kubernetes-list-type'],
    { type: 'array', items: { type: 'string' }, maxItems: 1 },
  ],
  [
    'the keys of a list are there in each item',
    places,
    ({ items, ...schema }) =>
      (schema['x-kubernetes-list-map-keys'] ?? []).some((key) => items?.required?.includes(key) !== true),
    { type: 'array', 'x-kubernetes-list-map-keys': ['name'], items: { type: 'object' } },
  ],
  [
    'only objects of Kubernetes hold what nobody knows, and their description names them',
    places,
    (schema) =>
      schema['x-kubernetes-preserve-unknown-fields'] === true &&
      (schema.type !== 'object' || !/ of (core\/v1|autoscaling\/v2|networking\.k8s\.io\/v1)/.test(schema.description!)),
    { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, ...described },
  ],
  [
    'a default is told in the description',
    places,
    ({ default: value, description }) =>
      value !== undefined && typeof value !== 'object' && !description!.includes(String(value)),
    { type: 'string', default: 'a', ...described },
  ],
  [
    'a union that has a default is merged as a whole',
    places,
    (schema) =>
      schema.default !== undefined &&
      schema['x-kubernetes-map-type'] !== 'atomic' &&
      (schema['x-kubernetes-validations'] ?? []).some(({ rule }) => rule.includes('.size() == 1')),
    { type: 'object', default: {}, 'x-kubernetes-validations': [{ rule: '[has(self.a)].filter(x, x).size() == 1' }] },
  ],
];

for (const [law, among, isFaulty, fault] of laws) {
  test(law, () => {
    assert.deepEqual(faulty(among, isFaulty), []);
    assert.deepEqual(faulty([{ path: 'spec.planted', schema: fault }], isFaulty), ['spec.planted']);
  });
}

const rules = [{ path: '', schema: resource.schema }, ...spec].flatMap(({ path, schema }) =>
  (schema['x-kubernetes-validations'] ?? []).map((rule) => ({ path, ...rule })),
);

test('every rule says what is wrong and what to write instead', () => {
  const silent = rules.filter(
    ({ message, messageExpression }) => !/; write\s/.test(message ?? messageExpression ?? ''),
  );
  assert.deepEqual(silent, []);
  assert.ok(rules.length > 50, `only ${rules.length} rules were read`);
});

/** What the API server says by itself, of types and bounds. */
const ownWords = /^(should |must have at most |must be of type |may not be |supported values|Required|Duplicate)/;

test('every rule has an example that it refuses', () => {
  // Items of lists and values of maps are told as [0] and [name].
  const general = (path: string) => path.replaceAll(/\[[^\]]*\]|\{\}/g, '[]');
  const refused = Map.groupBy(
    invalidExamples().filter(({ says }) => !ownWords.test(says)),
    ({ field }) => general(field),
  );
  const wanted = Map.groupBy(rules, ({ path, fieldPath = '' }) => general(`${path}${fieldPath}`.replace(/^\./, '')));
  const without = [...wanted].filter(([field, { length }]) => (refused.get(field)?.length ?? 0) < length);
  assert.deepEqual(
    without.map(([field]) => field),
    [],
  );
});

test('every default is allowed by its own schema', () => {
  const defaulted = places.filter(({ schema }) => schema.default !== undefined);
  assert.deepEqual(
    defaulted.flatMap(({ path, schema }) => schemaProblems(schema, applyDefaults(schema, schema.default), path)),
    [],
  );
  assert.ok(defaulted.length > 30, `only ${defaulted.length} defaults were read`);
});

for (const { file, object } of validExamples()) {
  test(`its schema alone has nothing against ${file}`, () => {
    assert.deepEqual(schemaProblems(resource.schema.properties!.spec!, object.spec, 'spec'), []);
  });
}

test('types and reference are what the CRD says', () => {
  const read = (file: string) => readFileSync(resolve(import.meta.dirname, '..', file), 'utf8');
  assert.equal(read(typesFile), crdTypes(resource));
  assert.equal(read(referenceFile), crdReference(resource));
});

test('a ModelServer is an object as the cluster knows them', () => {
  const seen = (modelServer: ModelServer): KubeObject => modelServer;
  assert.equal(typeof seen, 'function');
});
