import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { NodeTensors } from '../../src/server/pipeline/node-module.ts';
import { builtIn } from '../../src/server/pipeline/nodes/built-in.ts';
import { pythonWith } from '../support/python.ts';
import { temporaryFolder } from '../support/server.ts';

interface Stored {
  readonly shape: readonly number[];
  readonly file: string;
}

interface Case {
  readonly node: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly inputs: Readonly<Record<string, Stored>>;
  readonly outputs: Readonly<Record<string, Stored>>;
}

const found = pythonWith('test/opencv/requirements.txt');
const skip = 'missing' in found ? found.missing : false;

/** How far samples of 0 to 255 may be apart: both sides reckon in floats, in another order. */
const tolerance = 0.001;

test('custom nodes give what OpenCV does as OpenVINO Model Server uses it', { skip }, async (t) => {
  if (!('python' in found)) return;
  const folder = temporaryFolder(t);
  execFileSync(found.python, [join(import.meta.dirname, 'nodes_truth.py'), folder], { stdio: 'pipe' });
  const bytes = ({ file }: Stored) => new Uint8Array(readFileSync(join(folder, file))).buffer;
  const cases: Case[] = JSON.parse(readFileSync(join(folder, 'nodes.json'), 'utf8'));
  assert.ok(cases.length > 25, `only ${cases.length} cases`);
  for (const { node, parameters, inputs, outputs } of cases) {
    await t.test(`${node} ${JSON.stringify(parameters)}`, async () => {
      const tensors = Object.fromEntries(
        Object.entries(inputs).map(([name, stored]) => [
          name,
          { shape: stored.shape, data: new Float32Array(bytes(stored)) },
        ]),
      );
      const opened = await builtIn.get(node)!.own.open(parameters);
      const given = (await opened.execute(tensors, {})) as NodeTensors;
      for (const [name, stored] of Object.entries(outputs)) {
        const { shape, data } = given[name]!;
        assert.deepEqual(shape, stored.shape, name);
        const expected = data instanceof Int32Array ? new Int32Array(bytes(stored)) : new Float32Array(bytes(stored));
        assert.equal(data.length, expected.length, name);
        let apart = 0;
        for (const [i, value] of expected.entries()) apart = Math.max(apart, Math.abs(value - data[i]!));
        assert.ok(apart <= tolerance, `${name}: ${apart} apart`);
      }
    });
  }
});
