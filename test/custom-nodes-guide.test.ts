import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { createFindLibrary } from '../src/server/pipeline/modules/find-library.ts';
import { builtIn } from '../src/server/pipeline/nodes/built-in.ts';
import { systemClock } from '../src/shared/clock.ts';
import { temporaryFolder } from './support/server.ts';

const guide = readFileSync(join(import.meta.dirname, '../docs/custom-nodes.md'), 'utf8');
const limits = { milliseconds: 10_000, mebibytes: 64 };
const findLibrary = createFindLibrary({ clock: systemClock, limits, workers: 1, mostWaiting: 1, print: () => {} });

test("the guide's own node works", async (t) => {
  const text = /```js\n(.*?)```/s.exec(guide)?.[1];
  assert.ok(text);
  const basePath = join(temporaryFolder(t), 'invert.mjs');
  writeFileSync(basePath, text);
  const library = await findLibrary({ name: 'invert', basePath });
  t.after(() => library.close());
  const node = await library.open({ white: '100' });
  const data = new Uint8Array(Float32Array.of(0, 30, 100).buffer);
  const [output] = await node.execute([{ precision: 'FP32', shape: [1, 3, 1, 1], data }], { takeMemory: () => {} });
  assert.ok(output && output.precision === 'FP32');
  assert.deepEqual([...new Float32Array(output.data.slice().buffer)], [100, 70, 0]);
  await assert.rejects(async () => library.open({ white: 'x' }), {
    message: 'parameter white - Expected: a number above 0; Actual: x',
  });
});

test('the example is drawn as it is', async () => {
  const example = join(import.meta.dirname, '../examples/digits');
  const readme = readFileSync(join(example, 'README.md'), 'utf8');
  const server = join(import.meta.dirname, '../bin/modelserver');
  const { stdout } = await promisify(execFile)(server, ['graph', join(example, 'config.json')]);
  assert.equal(/```mermaid\n(.*?)```/s.exec(readme)?.[1], stdout);
});

test('the guide names each node that is built in', () => {
  for (const name of builtIn.keys()) assert.ok(guide.includes(`\n| \`${name}\` |`), name);
});
