import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { chart, findHelms } from '../../support/helm.ts';
import { type ControlPlane, startControlPlane } from '../control-plane.ts';
import { crdsEstablished } from '../established.ts';
import { kubernetesBinaries } from '../kubernetes-binaries.ts';
import { type Access, allowedTo } from './access.ts';
import { childKinds, childrenOf } from './children.ts';
import { Releases } from './release.ts';

const example = readFileSync(join(chart, 'files/example.yaml'), 'utf8');
const user = 'system:serviceaccount:operators:modelserver-operator';
const release = ['modelserver-operator', '--namespace=operators'];
const crd = 'customresourcedefinition/modelservers.modelserver.dev';

let plane: ControlPlane;
before(async () => {
  plane = await startControlPlane({ name: 'chart', components: ['controller-manager'] });
});
after(() => plane.stop());

const kubectl = (...parameters: string[]) => plane.kubectl(parameters);
const shortNames = () => kubectl('get', crd, '--output=jsonpath={.spec.names.shortNames}');
const columns = () => kubectl('get', crd, '--output=jsonpath={.spec.versions[0].additionalPrinterColumns[*].name}');

/** Takes away what the test before may have left. */
async function clear(releases: Releases): Promise<void> {
  await releases.run(['uninstall', ...release]);
  await kubectl('delete', crd, '--ignore-not-found', '--timeout=60s');
  await kubectl('delete', 'namespace', 'blue', 'green', '--ignore-not-found', '--timeout=60s');
}

/** What must be the same ones, with the same wishes, after all that happens to the release. */
const identities = (kinds: string) =>
  kubectl(
    ...['get', kinds, '--namespace=default', '--selector=modelserver.dev/name=digits'],
    '--output=jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.uid} {.metadata.generation}{"\\n"}{end}',
  );

const helms = await findHelms(kubernetesBinaries());
assert.ok(helms.length > 0, 'there must be a Helm');

for (const helm of helms) {
  test(`${helm.name}: install, upgrade, roll back, uninstall, install again`, { timeout: 300_000 }, async (context) => {
    const releases = new Releases(helm, plane);
    await clear(releases);
    let before = '';

    await context.test('the chart of the version before is installed', async () => {
      await releases.succeed(['install', ...release, releases.olderChart(), '--create-namespace']);
      await crdsEstablished(plane.kubectl);
      assert.equal(await shortNames(), '');
      assert.doesNotMatch(await columns(), /Reason/);
    });

    await context.test("the operator's ServiceAccount may make all that a ModelServer needs", async () => {
      await plane.kubectl(['apply', '--namespace=default', '--filename=-'], { input: example });
      await kubectl('label', 'modelserver/digits', '--namespace=default', 'modelserver.dev/name=digits');
      const uid = await kubectl(
        'get',
        'modelserver/digits',
        '--namespace=default',
        '--output=jsonpath={.metadata.uid}',
      );
      const apply = ['apply', '--server-side', '--field-manager=modelserver-operator', '--filename=-', `--as=${user}`];
      await plane.kubectl(apply, { input: childrenOf(uid) });
      await writeStatus();
      before = await identities(`modelservers,${childKinds}`);
      assert.equal(before.trim().split('\n').length, 8);
    });

    await context.test('an upgrade brings the CustomResourceDefinition up to date', async () => {
      await releases.succeed(['upgrade', ...release, chart]);
      assert.equal(await shortNames(), '["msv"]');
      assert.match(await columns(), /Reason/);
    });

    await context.test('its notes say what to do next', async () => {
      const notes = await releases.succeed(['get', 'notes', ...release]);
      assert.match(notes, /kubectl --namespace operators rollout status deployment\/modelserver-operator/);
      // A shell ends the input at a line that is END and nothing else.
      assert.match(
        notes,
        /^kubectl apply --namespace default --filename - <<'END'\napiVersion: [\s\S]*\nEND\nkubectl .* wait /m,
      );
      assert.doesNotMatch(notes, /WARNING/);
    });

    await context.test('values that are wrong change nothing', async () => {
      const { ok, errors } = await releases.run(['upgrade', ...release, chart, '--values=-'], { replica: 3 });
      assert.equal(ok, false);
      assert.match(errors, /additional properties 'replica' not allowed/);
      assert.match(await releases.succeed(['status', ...release]), /^REVISION: 2$/m);
    });

    await context.test('an upgrade with every object that the chart can make here', async () => {
      const values = { networkPolicy: { enabled: true }, dashboards: { enabled: true }, pods: { patch: false } };
      await releases.succeed(['upgrade', ...release, chart, '--values=-'], values);
      const made = await kubectl('get', 'configmaps,networkpolicies', '--namespace=operators', '--output=name');
      for (const name of ['modelserver-operator-operator', 'modelserver-operator-servers', 'networkpolicy']) {
        assert.match(made, new RegExp(name));
      }
      assert.deepEqual(await allowedTo(plane, user, ['patch pods in default', 'get pods in default']), [
        'get pods in default',
      ]);
    });

    await context.test('a rollback takes all of it back, the CustomResourceDefinition too', async () => {
      await releases.succeed(['rollback', release[0]!, '1', release[1]!]);
      assert.equal(await shortNames(), '');
      assert.doesNotMatch(await kubectl('get', 'networkpolicies', '--namespace=operators'), /modelserver-operator/);
      await releases.succeed(['upgrade', ...release, chart]);
      assert.equal(await shortNames(), '["msv"]');
    });

    await context.test('another release must leave the CustomResourceDefinition alone', async () => {
      const other = ['other', '--namespace=others', '--create-namespace', chart];
      const { ok, errors } = await releases.run(['install', ...other]);
      assert.equal(ok, false);
      assert.match(errors, /modelservers\.modelserver\.dev.*(exists and cannot be imported|conflict)/s);
    });

    await context.test('uninstalling leaves the models serving', async () => {
      await releases.succeed(['uninstall', ...release]);
      await kubectl(
        'wait',
        'deployment/modelserver-operator',
        '--namespace=operators',
        '--for=delete',
        '--timeout=30s',
      );
      assert.equal(
        await kubectl('get', 'clusterrole', '--selector=app.kubernetes.io/part-of=modelserver', '--output=name'),
        '',
      );
      assert.equal(await shortNames(), '["msv"]');
      // Longer than the garbage collector takes to notice an owner that is gone.
      await setTimeout(3_000);
      assert.equal(await identities(`modelservers,${childKinds}`), before);
      assert.match(await kubectl('get', 'modelserver/digits', '--namespace=default'), /ModelsServing/);
    });

    await context.test('the same release can be installed again', async () => {
      await releases.succeed(['install', ...release, chart]);
      assert.equal(await identities(`modelservers,${childKinds}`), before);
    });
  });

  test(`${helm.name}: what is granted, and what is not`, { timeout: 300_000 }, async (context) => {
    const releases = new Releases(helm, plane);
    await clear(releases);
    const can = (accesses: readonly Access[], who = user) => allowedTo(plane, who, accesses);

    await context.test('in the whole cluster', async () => {
      await releases.succeed(['install', ...release, chart, '--create-namespace']);
      assert.deepEqual(await can(needed('default')), needed('default'));
      assert.deepEqual(await can(needed('blue')), needed('blue'));
      assert.deepEqual(await can(ownLease), ownLease);
      assert.deepEqual(await can(refused('default')), []);
      assert.match(await kubectl('auth', 'can-i', 'get', 'deployments', `--as=${user}`, '--all-namespaces'), /^yes/);
      await assert.rejects(
        kubectl('auth', 'can-i', 'get', 'secrets', `--as=${user}`, '--all-namespaces'),
        /can-i get secrets/,
      );
    });

    await context.test('to users who view, edit or administrate a namespace', async () => {
      const verbs = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'];
      const accesses = [
        ...verbs.map((verb): Access => `${verb} modelservers.modelserver.dev in default`),
        ...['get', 'update'].map((verb): Access => `${verb} modelservers/scale.modelserver.dev in default`),
      ];
      for (const [role, count] of [
        ['view', 4],
        ['edit', 9],
        ['admin', 9],
      ] as const) {
        const binding = ['rolebinding', `${role}-${helm.name}`, '--namespace=default', `--clusterrole=${role}`];
        await kubectl('create', ...binding, `--user=${role}`);
        // Kubernetes adds the chart's rules to its own roles in the background.
        let allowed = await can(accesses, role);
        for (let i = 0; allowed.length < count && i < 50; i++) {
          await setTimeout(200);
          allowed = await can(accesses, role);
        }
        assert.equal(allowed.length, count, `${role} may ${allowed}`);
        assert.deepEqual(await can(['update modelservers/status.modelserver.dev in default'], role), []);
        await kubectl('delete', 'rolebinding', `${role}-${helm.name}`, '--namespace=default');
      }
      await releases.succeed(['uninstall', ...release]);
    });

    await context.test('in the namespaces that are watched, and nowhere else', async () => {
      const values = { watchNamespaces: ['blue', 'green'] };
      for (const namespace of values.watchNamespaces) await kubectl('create', 'namespace', namespace);
      await releases.succeed(['install', ...release, chart, '--values=-'], values);
      for (const namespace of values.watchNamespaces) assert.deepEqual(await can(needed(namespace)), needed(namespace));
      assert.deepEqual(await can([...needed('default'), ...needed('operators')]), []);
      assert.deepEqual(await can(ownLease), ownLease);
      assert.deepEqual(await can(refused('blue')), []);
    });
  });
}

const ownLease: readonly Access[] = [
  'create leases.coordination.k8s.io in operators',
  'get leases.coordination.k8s.io:modelserver-operator in operators',
  'update leases.coordination.k8s.io:modelserver-operator in operators',
];

/** Every call that the operator makes. */
function needed(namespace: string): Access[] {
  const children = [
    ...['deployments.apps', 'services', 'configmaps', 'serviceaccounts', 'poddisruptionbudgets.policy'],
    ...[
      'horizontalpodautoscalers.autoscaling',
      'networkpolicies.networking.k8s.io',
      'podmonitors.monitoring.coreos.com',
    ],
  ];
  const list: [resource: string, ...verbs: string[]][] = [
    ['modelservers.modelserver.dev', 'get', 'list', 'watch'],
    ['modelservers/status.modelserver.dev', 'get', 'patch'],
    ['modelservers/finalizers.modelserver.dev', 'update'],
    ...children.map((child): [string, ...string[]] => [child, 'get', 'list', 'watch', 'create', 'patch', 'delete']),
    ['pods', 'get', 'list', 'watch', 'patch'],
    ['persistentvolumeclaims', 'get', 'list', 'watch'],
    ['events.events.k8s.io', 'create', 'patch'],
  ];
  return list.flatMap(([what, ...verbs]) => verbs.map((verb): Access => `${verb} ${what} in ${namespace}`));
}

function refused(namespace: string): Access[] {
  const verbs = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'];
  return [
    ...verbs.map((verb): Access => `${verb} secrets in ${namespace}`),
    ...['create', 'update', 'patch', 'delete'].map(
      (verb): Access => `${verb} modelservers.modelserver.dev in ${namespace}`,
    ),
    ...['create', 'update', 'delete'].map((verb): Access => `${verb} pods in ${namespace}`),
    ...['pods/exec', 'pods/log', 'serviceaccounts/token'].map((what): Access => `create ${what} in ${namespace}`),
    `update persistentvolumeclaims in ${namespace}`,
    `deletecollection deployments.apps in ${namespace}`,
    `create rolebindings.rbac.authorization.k8s.io in ${namespace}`,
    'get leases.coordination.k8s.io:another in operators',
    'update leases.coordination.k8s.io:another in operators',
    'get nodes',
    'list namespaces',
    'update customresourcedefinitions.apiextensions.k8s.io',
    'create clusterroles.rbac.authorization.k8s.io',
  ];
}

/** As the operator does: nobody else may. */
async function writeStatus(): Promise<void> {
  const now = '2026-01-01T00:00:00Z';
  const condition = (type: string, status: string) => ({
    type,
    status,
    reason: 'ModelsServing',
    message: '',
    lastTransitionTime: now,
  });
  const status = { observedGeneration: 1, conditions: [condition('Ready', 'True'), condition('Available', 'True')] };
  const patch = ['patch', 'modelserver/digits', '--namespace=default', '--subresource=status', '--type=merge'];
  await kubectl(...patch, `--as=${user}`, `--patch=${JSON.stringify({ status })}`);
}
