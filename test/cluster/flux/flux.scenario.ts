import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { root } from '../../../scripts/images/image.ts';
import { chart, Helm } from '../../support/helm.ts';
import { conditionOf, eventually, isReady } from '../../support/operator.ts';
import { DigitsCluster, timed } from '../digits-cluster.ts';
import { kubernetesBinaries } from '../kubernetes-binaries.ts';
import type { SteadyLoad } from '../steady-load.ts';
import { Flux, readyOf } from './flux.ts';

// Flux's kustomize-controller, with the objects of examples/gitops/flux, over the real operator on a real node.

const binaries = kubernetesBinaries();
const isThere = existsSync(join(binaries, 'kustomize-controller')) && existsSync(join(binaries, 'helm4'));
const options = { timeout: 180_000, skip: !isThere && 'there is no kustomize-controller, or no helm4' };
const [models, digitsAlone] = examples('models.yaml');
let digits: DigitsCluster;
let flux: Flux;
let load: SteadyLoad;

before(
  async () => {
    if (!isThere) return;
    digits = await DigitsCluster.start('flux', { claim: false });
    flux = await Flux.start(digits.cluster);
    assert.deepEqual([models!.metadata.name, digitsAlone!.metadata.name], ['models', 'digits']);
    const [source] = examples('source.yaml');
    const own = { ...source!, metadata: { ...source!.metadata, name: 'flux-system' } };
    await apply(...examples('source.yaml'), own, models!);
  },
  { timeout: 300_000 },
);

after(async () => {
  await load?.stop();
  await flux?.stop();
  await digits?.stop();
});

test('models wait for the operators, which are ready once they run', options, async (t) => {
  await commit('models', version(1));
  const revision = await flux.commit('flux-system', { 'operators/operator.yaml': await operator() });
  await timed(t, 'operators: from nothing until Ready', async () => {
    await apply(...examples('operators.yaml'));
    await eventually(
      () => flux.kustomization('models'),
      (kustomization) => readyOf(kustomization)?.reason === 'DependencyNotReady',
    );
    await flux.untilReady('operators', revision, 120_000);
  });
});

test('a version that is not there yet is waited for; Flux is ready no sooner than the models', options, async (t) => {
  const revision = await commit('models', version(1));
  await digits.until((resource) => conditionOf(resource, 'Reconciling') !== undefined);
  // It looks every 5 seconds.
  await setTimeout(12_000);
  const waiting = await flux.kustomization('models');
  assert.equal(readyOf(waiting)?.status, 'Unknown', JSON.stringify(readyOf(waiting)));
  assert.equal(conditionOf(await digits.resource(), 'Ready')?.status, 'False');
  await timed(t, 'version 1 copied onto the volume until the Kustomization is Ready', () => {
    digits.folder.copy(1);
    return flux.untilReady('models', revision);
  });
  await serves(1);
});

test('a commit rolls the version forward', options, async (t) => {
  digits.folder.copy(2);
  load = await digits.startLoad(20);
  await timed(t, 'versions: [2] committed until the Kustomization is Ready', async () =>
    flux.untilReady('models', await commit('models', version(2))),
  );
  await serves(2);
});

test('a version that does not load fails the Kustomization at once, and what serves goes on', options, async (t) => {
  digits.folder.addBroken(3);
  const { reason, message } = await timed(t, 'versions: [3] committed until the Kustomization has failed', async () =>
    flux.untilFailed('models', await commit('models', version(3))),
  );
  t.diagnostic(message);
  assert.equal(reason, 'HealthCheckFailed');
  assert.match(message, stalled);
  const resource = await digits.resource();
  t.diagnostic(conditionOf(resource, 'Stalled')!.message);
  assert.equal(conditionOf(resource, 'Stalled')?.reason, 'ModelLoadFailed');
  assert.equal(conditionOf(resource, 'Available')?.status, 'True');
  assert.equal(resource.status.failedGeneration, resource.metadata.generation);
});

test('the revert makes it ready again', options, async (t) => {
  await timed(t, 'versions: [2] committed until the Kustomization is Ready', async () =>
    flux.untilReady('models', await commit('models', version(2))),
  );
  await serves(2);
});

test('a change of the pods is ready once every pod is new', options, async (t) => {
  const { revision } = (await digits.resource()).status;
  await timed(t, 'server.logLevel committed until the Kustomization is Ready', async () =>
    flux.untilReady('models', await commit('models', { ...version(2), server: { logLevel: 'DEBUG' } }), 120_000),
  );
  await serves(2);
  const { status } = await digits.resource();
  assert.notEqual(status.revision, revision);
  assert.deepEqual([status.updatedReplicas, status.readyReplicas, status.replicas], [2, 2, 2]);
});

test('an image that cannot be pulled fails it, and the revert makes it ready again', options, async (t) => {
  const wrong = { ...version(2), image: 'localhost/nowhere:1', server: { logLevel: 'DEBUG' } };
  const { message } = await timed(t, 'image committed until the Kustomization has failed', async () =>
    flux.untilFailed('models', await commit('models', wrong), 120_000),
  );
  assert.match(message, stalled);
  const resource = await digits.resource();
  t.diagnostic(conditionOf(resource, 'Stalled')!.message);
  assert.equal(conditionOf(resource, 'Stalled')?.reason, 'ImagePullFailed');
  assert.equal(conditionOf(resource, 'Available')?.status, 'True');
  await timed(t, 'the revert committed until the Kustomization is Ready', async () =>
    flux.untilReady('models', await commit('models', { ...version(2), server: { logLevel: 'DEBUG' } })),
  );
});

test('a version that does not come fails it at the deadline; once it is there, it is ready', options, async (t) => {
  const revision = await commit('models', { ...version(4), rollout: { progressDeadline: '10s' } });
  await timed(t, 'with progressDeadline 10s committed until the Kustomization has failed', async () =>
    assert.match((await flux.untilFailed('models', revision)).message, stalled),
  );
  assert.equal(conditionOf(await digits.resource(), 'Stalled')?.reason, 'ProgressDeadlineExceeded');
  await timed(t, 'version 4 copied until the ModelServer is Ready', () => {
    digits.folder.copy(4, 1);
    return digits.until(isReady);
  });
  await timed(t, 'flux reconcile until the Kustomization is Ready', async () => {
    await flux.reconcile('models');
    return flux.untilReady('models', revision);
  });
  await serves(4);
});

test('a commit ends the wait for the one before, where Flux is told so', options, async (t) => {
  await flux.restart('CancelHealthCheckOnNewRevision');
  await commit('models', version(5));
  await digits.until((resource) => conditionOf(resource, 'Reconciling')?.message.includes('version 5') === true);
  await setTimeout(3_000);
  await timed(t, 'versions: [2] committed, while version 5 is waited for, until the Kustomization is Ready', async () =>
    flux.untilReady('models', await commit('models', version(2))),
  );
  await serves(2);
});

test('no request has failed in all that', options, async (t) => {
  const { answered, failures, versions, longestMs } = await load.stop();
  t.diagnostic(`${answered} answered, by version ${JSON.stringify(versions)}, the longest in ${longestMs} ms`);
  assert.deepEqual(failures, []);
  assert.ok(answered > 500);
});

test('a Kustomization that is deleted takes its models along', options, async (t) => {
  await timed(t, 'Kustomization deleted until no pod is left', async () => {
    await digits.cluster.kubectl(['delete', 'kustomization/models', '--namespace=flux-system', '--timeout=60s']);
    const names = () => digits.kubectl('get', 'modelservers,deployments,pods', '--output=name');
    await eventually(names, (left) => left === '', 60_000);
  });
});

test('a Kustomization with healthChecks instead sees the same', options, async (t) => {
  const revision = await commit('digits', { ...version(2), replicas: undefined });
  await timed(t, 'a first commit until Ready', async () => {
    await apply(digitsAlone!);
    await flux.untilReady('digits', revision, 120_000);
  });
  await serves(2);
  assert.match((await flux.untilFailed('digits', await commit('digits', version(3)))).message, stalled);
  await flux.untilReady('digits', await commit('digits', { ...version(1), replicas: undefined }));
  await serves(1);
});

test('what kubectl writes is taken back, but not replicas that Git does not mention', options, async () => {
  await digits.kubectl('annotate', 'modelserver/digits', 'modelserver.dev/reconcile=disabled');
  await digits.kubectl('scale', 'modelserver/digits', '--replicas=2');
  await flux.reconcile('digits');
  await digits.until(({ metadata }) => metadata.annotations?.['modelserver.dev/reconcile'] === undefined);
  const { spec, status } = await digits.until(isReady);
  assert.deepEqual([spec.replicas, status.readyReplicas], [2, 2]);
});

const stalled = /failed early due to stalled resources: \[ModelServer\/models\/digits status: 'Failed'/;

async function serves(wanted: number): Promise<void> {
  const resource = await digits.resource();
  assert.ok(isReady(resource), 'the ModelServer is ready');
  assert.equal(resource.status.models![0]!.servingVersion, wanted);
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

function examples(file: string): readonly Manifest[] {
  const text = readFileSync(join(root, 'examples/gitops/flux', file), 'utf8');
  return parseAllDocuments(text).map((document) => document.toJS());
}

/** examples/gitops/flux/operator.yaml, but with the chart's objects themselves: nobody here reads a HelmRelease. */
async function operator(): Promise<string> {
  const [own, release] = examples('operator.yaml');
  assert.deepEqual([own!.kind, release!.kind], ['Namespace', 'HelmRelease']);
  const helm = new Helm('helm4', join(binaries, 'helm4'));
  const parameters = ['template', release!.metadata.name, chart, `--namespace=${own!.metadata.name}`, '--skip-tests'];
  const { ok, output, errors } = await helm.run(parameters);
  assert.ok(ok, errors);
  return `${stringify(own)}${output}`;
}

function version(number: number): object {
  return { models: [{ name: 'digits', versionPolicy: { specific: { versions: [number] } } }] };
}

/** @param folder with examples/modelserver.yaml, of whose spec this is changed: all that there is. @returns the revision */
async function commit(folder: string, changed: object): Promise<string> {
  const example = parse(readFileSync(join(root, 'examples/modelserver.yaml'), 'utf8'));
  const resource = { ...example, spec: { ...example.spec, ...changed } };
  return flux.commit('models', {
    [`${folder}/digits.yaml`]: stringify(resource),
    // Created a moment before the ModelServer, of which the operator may hear first.
    'models/volume.yaml': stringify(claim),
  });
}

const claim = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'models', annotations: { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' } },
  spec: {
    ...{ accessModes: ['ReadOnlyMany'], storageClassName: '', volumeName: 'models' },
    resources: { requests: { storage: '1Gi' } },
  },
};

async function apply(...items: readonly object[]): Promise<void> {
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  await digits.cluster.kubectl(['apply', '--server-side', '--filename=-'], { input });
}
