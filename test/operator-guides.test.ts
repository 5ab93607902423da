import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { readCustomResource } from '../scripts/crd-schema.ts';
import { reasons } from '../src/operator/api/conditions.ts';
import { schemaProblems } from './crds/schema-problems.ts';

const root = resolve(import.meta.dirname, '..');
const guides = join(root, 'docs/operator');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

test('troubleshooting has a section for each reason, and none for what is no reason', () => {
  const sections = [...read('docs/operator/troubleshooting.md').matchAll(/^### (.+)\n\n(.+)/gm)];
  assert.deepEqual(sections.map(([, title]) => title!).toSorted(), [...reasons].toSorted());
  for (const [, title, text] of sections) assert.ok(text!.length > 40, title!);
});

test('the guides lead somewhere', () => {
  for (const name of readdirSync(guides)) {
    const links = [...readFileSync(join(guides, name), 'utf8').matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!);
    for (const link of links.filter((link) => !link.startsWith('https:'))) {
      const [path, anchor] = link.split('#');
      const file = path ? join(guides, path) : join(guides, name);
      assert.ok(existsSync(file), `${name}: there is no ${path}`);
      if (anchor) assert.ok(anchorsOf(readFileSync(file, 'utf8')).includes(anchor), `${name}: there is no ${link}`);
    }
  }
});

test('the field map has every field that can be converted', () => {
  const documents = parseAllDocuments(read('test/fixtures/convert/everything.yaml'));
  const { spec } = documents.map((document) => document.toJS()).find(({ kind }) => kind === 'ModelServer');
  const map = read('docs/operator/migrating.md');
  const unknown = /^(mystery|riddle|models_repository\.session_token)/;
  const free = ['node_affinity', 'pod_affinity', 'pod_antiaffinity', 'update_strategy'];
  for (const path of leaves(spec, free).filter((path) => !unknown.test(path))) {
    assert.ok(map.includes(`\`${path}\``), `${path} is not in migrating.md`);
  }
});

test('the examples are valid', () => {
  const specSchema = readCustomResource().schema.properties!.spec!;
  const files = readdirSync(join(root, 'examples'), { recursive: true, encoding: 'utf8' });
  let found = 0;
  for (const file of files.filter((name) => name.endsWith('.yaml'))) {
    for (const document of parseAllDocuments(read(`examples/${file}`))) {
      assert.deepEqual(document.errors, [], file);
      const object = document.toJS();
      assert.ok(object.apiVersion && object.kind && object.metadata.name, file);
      if (object.kind !== 'ModelServer') continue;
      found++;
      assert.deepEqual(schemaProblems(specSchema, object.spec, 'spec'), [], file);
    }
  }
  assert.ok(found > 0);
});

/** As a renderer makes them of headings. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} -]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function leaves(value: unknown, free: readonly string[], path = ''): string[] {
  if (typeof value !== 'object' || value === null || free.includes(path.split('.').at(-1)!)) return [path];
  return Object.entries(value).flatMap(([name, inner]) => leaves(inner, free, path === '' ? name : `${path}.${name}`));
}
