import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CrdApi, causesOf, minimal } from './crd-api.ts';
import { fullStatus } from './full-status.ts';

/** What happens to resources that are there: status, scale, what kubectl shows, edits. */
export function lifeSuite(crd: () => CrdApi): void {
  test('a fresh resource has observedGeneration -1, whatever status it was sent with', async () => {
    const status = { observedGeneration: 1, phase: 'Ready' };
    const { body } = await crd().create('fresh', minimal(), { status });
    assert.equal(body.metadata.generation, 1);
    assert.deepEqual(body.status, { observedGeneration: -1 });
  });

  test('a status is written without a new generation, and without touching the spec', async () => {
    const { body: fresh } = await crd().create('status', minimal());
    const sent = { ...fresh, spec: { ...fresh.spec, replicas: 7 }, status: fullStatus };
    const { status, body } = await crd().replace('status/status', sent);
    assert.equal(status, 200, body.message);
    assert.equal(body.metadata.generation, 1);
    assert.equal(body.spec.replicas, 1);
    assert.deepEqual(body.status, fullStatus);
    const { body: edited } = await crd().merge('status', { spec: { replicas: 2 }, status: { phase: 'Edited' } });
    assert.equal(edited.metadata.generation, 2);
    assert.equal(edited.status.phase, 'Ready');
  });

  for (const [what, broken, field] of brokenStatus) {
    test(`a status is refused: ${what}`, async () => {
      const name = `broken-${field.split('.').at(-1)}`;
      await crd().create(name, minimal());
      const answer = await crd().merge(`${name}/status`, { status: broken });
      assert.equal(answer.status, 422);
      assert.ok(
        causesOf(answer).some((cause) => cause.field === field),
        answer.body.message,
      );
    });
  }

  test('it is scaled through its scale subresource, within bounds', async () => {
    await crd().create('scaled', minimal());
    await crd().merge('scaled/status', { status: fullStatus });
    await crd().kubectl('scale', 'msv/scaled', '--replicas=4');
    const { body } = await crd().get('scaled/scale');
    assert.deepEqual(body.spec, { replicas: 4 });
    assert.deepEqual(body.status, { replicas: 2, selector: 'modelserver.dev/name=scaled' });
    const { body: scaled } = await crd().get('scaled');
    assert.equal(scaled.spec.replicas, 4);
    assert.equal(scaled.metadata.generation, 2);
    for (const replicas of [-1, 1001]) {
      const { status } = await crd().merge('scaled/scale', { spec: { replicas } });
      assert.equal(status, 422, `${replicas} replicas`);
    }
  });

  test('kubectl get shows what matters', async () => {
    await crd().create('shown', minimal());
    const { body: fresh } = await crd().table('shown');
    assert.deepEqual(
      fresh.columnDefinitions.map(({ name, priority }: Column) => `${name} ${priority}`),
      [
        ...['Name 0', 'Ready 0', 'Available 0', 'Models 0', 'Revision 0', 'Reason 0'],
        ...['Replicas 1', 'Message 1', 'Age 0'],
      ],
    );
    assert.deepEqual(fresh.rows[0].cells.slice(0, -1), ['shown', null, null, null, null, null, null, null]);
    await crd().merge('shown/status', { status: fullStatus });
    const { body } = await crd().table('shown');
    assert.deepEqual(body.rows[0].cells.slice(0, -1), [
      ...['shown', 'False', 'True', '0/1', '6c9f', 'ModelLoadFailed'],
      ...[2, 'digits version 3 does not load; version 2 serves on.'],
    ]);
  });

  test('kubectl finds it by its short name and its category', async () => {
    await crd().create('named', minimal());
    const get = (resource: string) => crd().kubectl('get', resource, '--output=name');
    assert.match(await get('msv/named'), /^modelserver\.modelserver\.dev\/named$/m);
    assert.match(await get('serving'), /^modelserver\.modelserver\.dev\/named$/m);
  });

  for (const [i, [what, first, second, part, expected]] of edits.entries()) {
    test(`edited: ${what}`, async () => {
      for (const spec of [first, second]) {
        const { status, body } = await crd().apply(`edited-${i}`, spec);
        assert.ok(status === 200 || status === 201, body.message);
      }
      const { body } = await crd().get(`edited-${i}`);
      assert.deepEqual(part(body.spec), expected);
    });
  }

  test('an edit that breaks a rule is refused, and nothing changes', async () => {
    await crd().create('kept', { ...minimal(), autoscaling: { minReplicas: 2, maxReplicas: 4 } });
    const answer = await crd().merge('kept', { spec: { autoscaling: { maxReplicas: 1 } } });
    assert.equal(answer.status, 422);
    assert.deepEqual(
      causesOf(answer).map(({ field }) => field),
      ['spec.autoscaling.maxReplicas'],
    );
    const { body } = await crd().get('kept');
    assert.equal(body.spec.autoscaling.maxReplicas, 4);
    assert.equal(body.metadata.generation, 1);
  });
}

// biome-ignore lint/suspicious/noExplicitAny: a spec as the API server answers it
type Spec = any;

interface Column {
  readonly name: string;
  readonly priority: number;
}

const brokenStatus: [what: string, status: object, field: string][] = [
  ['a state that there is none of', { models: [{ name: 'a', ready: true, state: 'Fine' }] }, 'status.models[0].state'],
  [
    'a message too long',
    { models: [{ name: 'a', ready: false, state: 'Failed', message: 'x'.repeat(513) }] },
    'status.models[0].message',
  ],
  ['a condition without reason', { conditions: [{ type: 'Ready', status: 'True' }] }, 'status.conditions[0].reason'],
];

/** Two applies after each other, as two commits in Git make them. */
const edits: [what: string, first: object, second: object, part: (spec: Spec) => unknown, expected: unknown][] = [
  [
    'from the default policy to specific versions',
    minimal(),
    { ...minimal(), models: [{ name: 'digits', versionPolicy: { specific: { versions: [2] } } }] },
    (spec) => spec.models[0].versionPolicy,
    { specific: { versions: [2] } },
  ],
  [
    'from specific versions to others',
    { ...minimal(), models: [{ name: 'digits', versionPolicy: { specific: { versions: [1, 2] } } }] },
    { ...minimal(), models: [{ name: 'digits', versionPolicy: { specific: { versions: [2, 3] } } }] },
    (spec) => spec.models[0].versionPolicy,
    { specific: { versions: [2, 3] } },
  ],
  [
    'from specific versions back to the default policy',
    { ...minimal(), models: [{ name: 'digits', versionPolicy: { specific: { versions: [2] } } }] },
    minimal(),
    (spec) => spec.models[0].versionPolicy,
    { latest: { numVersions: 1 } },
  ],
  [
    'from a claim to a folder of the node',
    minimal(),
    { ...minimal(), repository: { hostPath: { path: '/srv/models' } } },
    (spec) => [spec.repository.persistentVolumeClaim, spec.repository.hostPath],
    [undefined, { path: '/srv/models' }],
  ],
  [
    'from models to a config.json',
    minimal(),
    { repository: minimal().repository, config: { configMapRef: { name: 'c' } } },
    (spec) => spec.models,
    undefined,
  ],
  [
    'one model more, one less',
    { ...minimal(), models: [{ name: 'a' }, { name: 'b' }] },
    { ...minimal(), models: [{ name: 'b' }, { name: 'c' }] },
    (spec) => spec.models.map(({ name }: { name: string }) => name),
    ['b', 'c'],
  ],
  ['replicas that are left out go back to 1', { ...minimal(), replicas: 3 }, minimal(), (spec) => spec.replicas, 1],
];
