import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderCrdTemplate } from '../../scripts/chart/crd-template.ts';
import { describeSchema, type Schema } from '../../scripts/chart/values-schema.ts';
import { readValues, renderValuesTable, replaceValuesTable } from '../../scripts/chart/values-table.ts';

const values = `# About the file.

# -- How many,
# at once.
count: 2
image:
  # -- Where | what.
  name: x
# -- Free.
labels:
  a: "1"
# A section.
deep:
  deeper:
    # -- Yes.
    here: []
`;

test('values come with the comments above them, in their order', () => {
  assert.deepEqual(readValues(values), [
    { path: ['count'], default: 2, description: 'How many, at once.' },
    { path: ['image', 'name'], default: 'x', description: 'Where | what.' },
    { path: ['labels'], default: { a: '1' }, description: 'Free.' },
    { path: ['deep', 'deeper', 'here'], default: [], description: 'Yes.' },
  ]);
});

test('a value without a description is refused', () => {
  for (const text of ['a: 1\n', '# About a.\na: 1\n', '# -- Too far.\n\na: 1\n', '# -- Of b.\nb: 1\na: {}\n']) {
    assert.throws(() => readValues(text), /values\.yaml: a has no description/);
  }
});

test('the table takes its place in the README', () => {
  const readme = 'Before.\n<!-- values: written by scripts/generate-chart.ts -->\nold\n<!-- /values -->\nAfter.\n';
  const table = renderValuesTable(readValues('# -- A | b.\na: "x"\n'));
  assert.equal(table, '| Value | Default | |\n|---|---|---|\n| `a` | `"x"` | A \\| b. |\n');
  assert.equal(replaceValuesTable(readme, table), readme.replace('old\n', table));
  assert.throws(() => replaceValuesTable('nothing', table), /no place for the values/);
});

test('the schema gets the descriptions, and must name the same values', () => {
  const read = readValues('# -- A.\na: 1\nb:\n  # -- C.\n  c: 2\n');
  const schema = (b: Record<string, Schema>, more: Record<string, Schema> = {}): Schema => ({
    properties: { global: {}, a: { description: 'old' }, b: { properties: b }, ...more },
  });
  assert.deepEqual(describeSchema(schema({ c: {} }), read), {
    properties: { global: {}, a: { description: 'A.' }, b: { properties: { c: { description: 'C.' } } } },
  });
  assert.throws(() => describeSchema(schema({}), read), /b lacks c/);
  assert.throws(() => describeSchema(schema({ c: {} }, { d: {} }), read), /values has d, values\.yaml has not/);
});

const crd = `# Words.
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: xs.example.dev
spec:
  description: "{{ braces }}"
`;

test('what looks like a template in a CustomResourceDefinition is kept from Helm', () => {
  const template = renderCrdTemplate(crd);
  assert.match(template, /^\{\{- if \.Values\.crds\.install \}\}\n# Words\.$/m);
  assert.match(template, /metadata:\n {2}name: xs\.example\.dev\n {2}labels:/);
  assert.match(template, /description: "\{\{ "\{\{" \}\} braces \}\}"\n\{\{- end \}\}\n$/);
});

test('metadata beside the name is refused: the chart would drop it', () => {
  assert.throws(() => renderCrdTemplate(crd.replace('spec:', '  labels: {a: b}\nspec:')), /no more metadata/);
});
