import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelServer } from '../../../test/support/model-server.ts';
import type { ModelServer } from '../api/model-server.ts';
import * as kinds from '../cluster/kinds.ts';
import { childKinds } from '../desired/children.ts';
import { deployment } from '../desired/deployment.ts';
import { podTemplate } from '../desired/pod-template.ts';
import { holdOf, holds, pausedOwner } from './hold.ts';
import type { Deployment } from './snapshot.ts';

const paused = { rollout: { paused: true } };
const disabled = { metadata: { annotations: { 'modelserver.dev/reconcile': 'disabled' } } };

const cases: [what: string, owner: ModelServer, hold: ReturnType<typeof holdOf>, held: readonly object[]][] = [
  ['nothing', modelServer(), undefined, []],
  ['pods and config', modelServer(paused), 'Paused', [kinds.configMaps, kinds.deployments]],
  ['everything', modelServer({}, disabled), 'ReconcileDisabled', childKinds],
  ['everything, paused or not', modelServer(paused, disabled), 'ReconcileDisabled', childKinds],
];

for (const [what, owner, hold, held] of cases) {
  test(`held: ${what}`, () => {
    assert.equal(holdOf(owner), hold);
    assert.deepEqual(
      childKinds.filter((kind) => holds(hold, kind)),
      held,
    );
  });
}

function deploymentFor(spec: object): Deployment {
  const owner = modelServer(spec);
  return deployment(owner, { pods: podTemplate(owner, 'server:1'), config: '' }, {} as never) as Deployment;
}

/** What a resource says, what the pods were made from before, and what is to be gone by. */
const owners: [what: string, now: object, before: object, expected: object][] = [
  ['pods as they are to be', {}, {}, {}],
  ['another port', { server: { grpcPort: 1, httpPort: 2 } }, {}, {}],
  ['TLS', { server: { tls: { secretName: 's' } } }, {}, {}],
  ['a port for probes', { server: { healthPort: 9005 } }, {}, {}],
  [
    'they serve in plain text, and trust nobody',
    {},
    { server: { tls: { secretName: 's', clientCASecretName: 'c' } } },
    { server: { healthPort: 9001, tls: { secretName: 's', clientCASecretName: 'c' } } },
  ],
  ['an identity of their own', { template: { serviceAccountName: 'mine' } }, {}, {}],
  [
    'that identity no more',
    {},
    { template: { serviceAccountName: 'mine' } },
    { template: { serviceAccountName: 'mine' } },
  ],
  [
    'what has nothing to do with pods',
    { replicas: 3, service: { grpcPort: 9 } },
    {},
    { replicas: 3, service: { grpcPort: 9 } },
  ],
  ['a log level, which nothing else goes by', { server: { logLevel: 'DEBUG' } }, {}, { server: { logLevel: 'DEBUG' } }],
];

for (const [what, now, before, expected] of owners) {
  test(`paused before ${what}`, () =>
    assert.deepEqual(pausedOwner(modelServer(now), deploymentFor(before)), modelServer(expected)));
}

test('where there are no pods, nothing goes by them', () => {
  const owner = modelServer({ server: { grpcPort: 1 } });
  assert.equal(pausedOwner(owner, undefined), owner);
});
