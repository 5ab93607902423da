import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { pythonWith } from '../support/python.ts';
import { type JudgedModelServer, type Situation, situations } from '../support/truth-table.ts';

const script = join(import.meta.dirname, '../../deploy/argocd/health.lua');
const environment = pythonWith('test/argocd/requirements.txt');
const options = { skip: 'missing' in environment ? environment.missing : false };

/** Beside the truth table: what is no ModelServer of a healthy operator. */
const oddities: readonly (Omit<Situation, 'kstatus' | 'object'> & { readonly object: object })[] = [
  {
    name: 'no status at all, where the schema gives none',
    object: { metadata: { name: 'digits', generation: 1 } },
    argocd: { status: 'Progressing', message: 'The operator has not seen this generation yet' },
  },
  {
    name: 'a status without conditions',
    object: { metadata: { name: 'digits', generation: 1 }, status: { observedGeneration: 1 } },
    argocd: { status: 'Progressing', message: 'The operator has not told of its state yet' },
  },
  {
    name: 'a condition that is null, a condition without words',
    object: {
      metadata: { name: 'digits', generation: 1 },
      status: { observedGeneration: 1, conditions: [{ type: 'Ready', status: 'True', reason: null }] },
    },
    argocd: { status: 'Healthy', message: '' },
  },
  {
    name: 'a condition with a reason only',
    object: {
      metadata: { name: 'digits', generation: 1 },
      status: { observedGeneration: 1, conditions: [{ type: 'Ready', status: 'False', reason: 'PodsStarting' }] },
    },
    argocd: { status: 'Progressing', message: 'PodsStarting' },
  },
];

const cases: readonly { readonly name: string; readonly object: object; readonly argocd: Situation['argocd'] }[] = [
  ...situations,
  ...oddities,
];

test('Argo CD judges a ModelServer as its conditions say', options, async (context) => {
  const answers = judge(cases.map(({ object }) => object));
  assert.equal(answers.length, cases.length);
  for (const [index, { name, argocd }] of cases.entries()) {
    await context.test(name, () => assert.deepEqual(answers[index], argocd));
  }
});

test('the order of the conditions does not count for Argo CD', options, () => {
  const turned = situations.map(({ object }) => turn(object));
  assert.deepEqual(
    judge(turned),
    situations.map(({ argocd }) => argocd),
  );
});

test("the patch for Argo CD's ConfigMap carries the health check", () => {
  const patch = parse(readFileSync(join(script, '../argocd-cm.yaml'), 'utf8'));
  assert.equal(patch.metadata.name, 'argocd-cm');
  assert.deepEqual(Object.keys(patch.data), ['resource.customizations.health.modelserver.dev_ModelServer']);
  assert.deepEqual(Object.values(patch.data), [readFileSync(script, 'utf8')]);
});

function turn({ status, ...rest }: JudgedModelServer): object {
  return { ...rest, status: { ...status, conditions: status?.conditions?.toReversed() ?? [] } };
}

function judge(objects: readonly object[]): unknown[] {
  assert.ok('python' in environment);
  const judging = join(import.meta.dirname, 'judge.py');
  const { status, stdout, stderr } = spawnSync(environment.python, [judging, script], {
    input: JSON.stringify(objects),
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}
