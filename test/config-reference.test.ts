import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { parseConfig } from '../src/server/config/parse-config.ts';

const root = join(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const fits = new Ajv({ allowUnionTypes: true }).compile(JSON.parse(read('docs/config.schema.json')));

const guides: [file: string, examples: number][] = [
  ['README.md', 1],
  ['docs/config.md', 1],
];

for (const [file, count] of guides) {
  test(`config files that ${file} shows are taken by the server, and by editors`, () => {
    const blocks = [...read(file).matchAll(/```json\n([\s\S]*?)```/g)].map(([, text]) => text!);
    const examples = blocks.filter((text) => text.includes('model_config_list'));
    assert.equal(examples.length, count);
    for (const text of examples) {
      assert.deepEqual(parseConfig(text, '/etc').problems, undefined);
      assert.ok(fits(JSON.parse(text)), JSON.stringify(fits.errors));
    }
  });
}

test('editors are told what the server refuses', () => {
  assert.ok(!fits({ model_config_list: [{ config: { name: 'm' } }] }));
  assert.match(JSON.stringify(fits.errors), /must have required property 'base_path'/);
});
