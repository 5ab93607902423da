import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readCustomResource, type Schema } from '../scripts/crd-schema.ts';
import { milliseconds, wholeSeconds } from '../src/operator/api/duration.ts';
import { podVolumes } from '../src/operator/desired/pod-volumes.ts';
import { serverArguments } from '../src/operator/desired/server-arguments.ts';
import { serverConfig } from '../src/operator/desired/server-config.ts';
import { flags } from '../src/server/cli/flags.ts';
import { parseConfig } from '../src/server/config/parse-config.ts';
import { validExamples } from './crds/examples.ts';
import { modelServer } from './support/model-server.ts';

/** What the CRD lets through, the operator and the server must be able to read; what they take for themselves, it must refuse. */
const spec = readCustomResource().schema.properties!.spec!;

const everything = modelServer(validExamples().find(({ file }) => file === 'everything-set')!.object.spec);

test("the flags that users may not give are those of the operator, and the server's", () => {
  const forbidden = patterns(at('server', 'extraArgs', '[]')).at(-1)!;
  const { extraArgs = [] } = everything.spec.server;
  const own = serverArguments(everything.spec).filter((argument) => !extraArgs.includes(argument));
  assert.deepEqual(
    own.filter((argument) => !forbidden.test(argument)),
    [],
  );
  const names = /\((.*?)\)/.exec(forbidden.source)![1]!.split('|');
  assert.deepEqual(
    names.filter((name) => !flags.has(name)),
    [],
  );
});

test('the volumes and mounts that users may not have are those of the operator', () => {
  const own = modelServer({
    models: [
      { name: 'a', image: { reference: 'r/a:1' } },
      { name: 'b', persistentVolumeClaim: { claimName: 'b' } },
    ],
    server: { tls: { secretName: 'c', clientCASecretName: 'd' } },
  });
  const { volumes, mounts } = podVolumes(own);
  const [, forbidden] = patterns(at('template', 'extraVolumes', '[]', 'name'));
  assert.equal(volumes.length, 7);
  for (const { name } of volumes) assert.match(String(name), forbidden!);
  const { mountPath } = own.spec.repository!;
  const { rule } = rulesOf(at('template', 'extraVolumeMounts', '[]', 'mountPath'))[0]!;
  const taken = patterns(at('template', 'extraVolumeMounts', '[]', 'mountPath')).at(-1)!;
  for (const mount of mounts.map((entry) => String(entry.mountPath)).filter((path) => path !== mountPath)) {
    assert.ok(taken.test(mount) || rule.includes(`self != '${mount}'`), `${mount} is free to users`);
  }
});

const durations: [path: readonly string[], whole: boolean][] = [
  [['repository', 'watch', 'pollInterval'], true],
  [['repository', 'watch', 'settle'], false],
  [['server', 'maxConnectionAge'], false],
  [['server', 'drainTimeout'], true],
  [['rollout', 'progressDeadline'], true],
  [['observability', 'metrics', 'podMonitor', 'interval'], true],
];

for (const [path, whole] of durations) {
  test(`the operator reads every ${path.join('.')} that the CRD accepts`, () => {
    const [form] = patterns(at(...path));
    const written = fc.stringMatching(form!).filter((text) => text !== '');
    fc.assert(
      fc.property(written, (text) => {
        assert.ok(Number.isSafeInteger(milliseconds(text)));
        if (whole) assert.equal(wholeSeconds(text) * 1000, milliseconds(text));
      }),
    );
  });
}

test('the operator reads every memory quota that the CRD accepts', () => {
  const [form] = patterns(at('server', 'memoryQuota'));
  const written = fc.stringMatching(form!).filter((text) => text.length <= 8);
  fc.assert(
    fc.property(written, (memoryQuota) => {
      const { spec } = modelServer({ server: { memoryQuota } });
      const flag = serverArguments(spec).find((argument) => argument.startsWith('--grpc_memory_quota='));
      assert.match(flag!, /=\d+$/);
    }),
  );
});

for (const [field, name] of [
  ['shape', 'the shape'],
  ['batchSize', 'the batch size'],
]) {
  test(`the server reads ${name} of a model as the CRD accepts it`, () => {
    const form = patterns(at('models', '[]', field!)).find((pattern) => pattern.source.includes('[1-9]'));
    const written = fc.stringMatching(form!).filter(isInOrder);
    fc.assert(
      fc.property(written, (value) => {
        const { spec } = modelServer({ models: [{ name: 'a', [field!]: value }] });
        assert.deepEqual(problemsOf(serverConfig(spec)), []);
      }),
    );
  });
}

for (const { file, object } of validExamples().filter(({ object }) => 'models' in object.spec)) {
  test(`the server reads the config that the operator makes of ${file}`, () => {
    assert.deepEqual(problemsOf(serverConfig(modelServer(object.spec).spec)), []);
  });
}

function problemsOf(config: string): readonly string[] {
  return parseConfig(config, '/etc/modelserver').problems ?? [];
}

/** As the rule that no pattern can hold: no range is backwards. */
function isInOrder(text: string): boolean {
  return [...text.matchAll(/(\d+):(\d+)/g)].every(([, least, most]) => Number(least) <= Number(most));
}

/** A field of the spec; `[]` goes into a list. */
function at(...path: string[]): Schema {
  return path.reduce<Schema>(
    (schema, step) => (step === '[]' ? schema.items! : (schema.properties?.[step] ?? assert.fail(`no field ${step}`))),
    spec,
  );
}

function rulesOf(schema: Schema) {
  return schema['x-kubernetes-validations'] ?? [];
}

/** The patterns of its rules, in order. RE2 and JavaScript read ours alike. */
function patterns(schema: Schema): RegExp[] {
  return rulesOf(schema).flatMap(({ rule }) =>
    [...rule.matchAll(/matches\('(.*?)'\)/g)].map(([, text]) => new RegExp(text!)),
  );
}
