import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { readCustomResource } from '../../../scripts/crd-schema.ts';
import { schemaProblems } from '../../../test/crds/schema-problems.ts';
import { convert } from './convert.ts';

const specSchema = readCustomResource().schema.properties!.spec!;
const file = join(import.meta.dirname, '../../../test/fixtures/convert/everything.yaml');
const everything = parseAllDocuments(readFileSync(file, 'utf8'))
  .map((document) => document.toJS())
  .find(({ kind }) => kind === 'ModelServer').spec;

const scalars: unknown[] = [
  '',
  ' ',
  'x',
  'yes',
  'YES',
  '0',
  '-1',
  '1:8',
  '08',
  '1e3',
  '0x10',
  '{}',
  '[]',
  '{"a": "b"}',
  '{"latest": {}}',
];
const odd: unknown[] = [
  '/models/..',
  '/',
  '//',
  'a'.repeat(5000),
  'ü\n# x: y',
  '\u2028',
  '*a',
  '&a',
  '%',
  'null',
  '~',
  '(1,1:2)',
  'auto',
];
const others: unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e300,
  70_000,
  [],
  [1],
  {},
  { a: { b: 'c' } },
  { latest: { num_versions: 'x' } },
];
const value = fc.oneof(fc.constantFrom(...scalars, ...odd, ...others), fc.string({ unit: 'binary' }), fc.jsonValue());

/** The whole resource, some of whose fields are something else. */
const spec = fc
  .array(fc.tuple(fc.constantFrom(...paths(everything)), value), { maxLength: 12 })
  .map((changes) => changes.reduce((changed, [path, other]) => replace(changed, path.split('.'), other), everything));

test('whatever stands in the fields, the outcome is valid and says the same to every reader of YAML', () => {
  fc.assert(
    fc.property(spec, (changed) => {
      const resource = {
        apiVersion: 'intel.com/v1alpha1',
        kind: 'ModelServer',
        metadata: { name: 'ovms' },
        spec: changed,
      };
      const { yaml, notes } = convert(stringify(resource));
      const converted = parse(yaml);
      assert.deepEqual(schemaProblems(specSchema, converted.spec, 'spec'), []);
      assert.deepEqual(parse(yaml, { version: '1.1' }), converted);
      for (const { value, advice } of notes) assert.match(`${value} ${advice}`, /^[^\p{Cc}\p{Zl}\p{Zp}]+$/u);
    }),
    { numRuns: 300 },
  );
});

function paths(fields: Readonly<Record<string, unknown>>, before = ''): string[] {
  return Object.entries(fields).flatMap(([name, inner]) => {
    const path = before === '' ? name : `${before}.${name}`;
    const isObject = typeof inner === 'object' && inner !== null && !Array.isArray(inner);
    return isObject ? [path, ...paths(inner as Record<string, unknown>, path)] : [path];
  });
}

function replace(fields: unknown, [name, ...rest]: readonly string[], other: unknown): Record<string, unknown> {
  const before = (typeof fields === 'object' && fields !== null ? fields : {}) as Record<string, unknown>;
  return { ...before, [name!]: rest.length === 0 ? other : replace(before[name!], rest, other) };
}
