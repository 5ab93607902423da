import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ModelServer } from '../../../src/operator/api/model-server.ts';
import { configMaps, modelServers } from '../../../src/operator/cluster/kinds.ts';
import { createKubeCluster } from '../../../src/operator/cluster/kube/create-kube-cluster.ts';
import type { KubeCall, KubeCluster } from '../../../src/operator/cluster/kube/kube-cluster.ts';
import type { KubeObject } from '../../../src/operator/cluster/kube-object.ts';
import type { ModelServerController } from '../../../src/operator/controller/model-server-controller.ts';
import { createLog } from '../../../src/shared/log.ts';
import { validExamples } from '../../crds/examples.ts';
import { FakeModels } from '../../support/fake-models.ts';
import { startController } from '../../support/operator.ts';
import { type ControlPlane, startControlPlane } from '../control-plane.ts';
import { crdsEstablished } from '../established.ts';

// What an API server makes of the children: it writes much of what it is told in its own way, and merges what others write.

const namespace = 'default';
let plane: ControlPlane;
let cluster: KubeCluster;
let controller: ModelServerController | undefined;
let writes: string[] = [];

before(async () => {
  plane = await startControlPlane({ name: 'children', featureGates: { ImageVolume: false } });
  await plane.kubectl(['apply', '--server-side', '--filename=crds/modelserver.dev_modelservers.yaml']);
  await crdsEstablished(plane.kubectl);
  const onCall = ({ verb, kind, name, subresource, status }: KubeCall) => {
    if (['create', 'update', 'patch', 'delete'].includes(verb)) {
      writes.push(`${verb} ${subresource ? 'status of ' : ''}${kind} ${name}: ${status}`);
    }
  };
  const log = createLog({ level: 'error' });
  cluster = await createKubeCluster({ log, kubeconfig: plane.kubeconfig, callsPerSecond: 1000, burst: 1000, onCall });
});

after(async () => {
  await stopOperator();
  cluster?.close();
  await plane?.stop();
});

async function startOperator(): Promise<void> {
  controller = await startController({
    cluster,
    models: new FakeModels(),
    announce: () => {},
    log: createLog({ level: 'error' }),
    allowHostPath: true,
  });
}

async function stopOperator(): Promise<void> {
  await controller?.stopActing(0);
  await controller?.stop();
  controller = undefined;
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until nothing was written for two seconds. @throws after a minute */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) {
    writes = [];
    await sleep(2000);
    if (writes.length === 0) return;
  }
  throw new Error(`it goes on writing: ${writes.join(', ')}`);
}

const zone = 'topology.kubernetes.io/zone';
const anti = (app: string) => ({ topologyKey: zone, labelSelector: { matchLabels: { app } } });

/** What users may well write, and an API server writes otherwise, leaves out, or fills. */
const unusual: Readonly<Record<string, object>> = {
  empty: {
    env: [],
    envFrom: [],
    imagePullSecrets: [],
    service: { annotations: {} },
    template: {
      ...{
        affinity: {},
        labels: {},
        annotations: {},
        nodeSelector: {},
        tolerations: [],
        topologySpreadConstraints: [],
      },
      resources: { limits: {}, requests: {} },
      podSecurityContext: { runAsNonRoot: null, supplementalGroups: [], sysctls: [] },
      securityContext: { capabilities: { add: [], drop: null }, privileged: false },
    },
  },
  quantities: {
    template: { resources: { limits: { cpu: '1000m', memory: '2048Mi' }, requests: { cpu: '0.5', memory: '1.5Gi' } } },
    autoscaling: {
      maxReplicas: 3,
      metrics: [
        { type: 'Pods', pods: { metric: { name: 'm' }, target: { type: 'AverageValue', averageValue: '1000m' } } },
      ],
    },
  },
  environment: {
    env: [
      { name: 'A', value: '' },
      { name: 'B' },
      { name: 'C', valueFrom: { configMapKeyRef: { name: 'c', key: 'k', optional: true } } },
      { name: 'D', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
    ],
  },
  twins: {
    template: {
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey: zone, whenUnsatisfiable: 'ScheduleAnyway' },
        { maxSkew: 2, topologyKey: zone, whenUnsatisfiable: 'DoNotSchedule' },
      ],
      affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [anti('a'), anti('b')] } },
    },
  },
  autoscaling: { autoscaling: { maxReplicas: 3, behavior: { scaleDown: {} } } },
  sidecar: {
    template: {
      sidecars: [
        {
          ...{ name: 'proxy', image: 'proxy:1', command: [], env: [{ name: 'X', value: '1' }], volumeMounts: [] },
          ports: [{ containerPort: 80 }, { containerPort: 53, protocol: 'UDP', name: 'dns' }],
          readinessProbe: { httpGet: { port: 80, path: '/' } },
        },
      ],
    },
  },
  peers: {
    networkPolicy: {
      enabled: true,
      from: [{ podSelector: {} }, { namespaceSelector: {} }, { ipBlock: { cidr: '10.0.0.0/8', except: [] } }],
    },
  },
};

/** Of these, something is known only by what came of applying it: a process that has just begun does so once. */
const unusualForms: Readonly<Record<string, object>> = {
  metrics: { autoscaling: { maxReplicas: 3, metrics: [] } },
  tolerations: { template: { tolerations: [{ key: 'a', value: '', effect: '' }] } },
  volumes: {
    template: {
      extraVolumes: [
        { name: 'c', configMap: { name: 'x', items: [] } },
        { name: 't', emptyDir: { sizeLimit: '1024Mi', medium: '' } },
        { name: 'p', projected: { sources: [{ configMap: { name: 'c' } }, { serviceAccountToken: { path: 't' } }] } },
      ],
      extraVolumeMounts: [{ name: 't', mountPath: '/t', readOnly: false, subPath: '' }],
    },
  },
};

async function create(name: string, spec: object): Promise<void> {
  const { apiVersion, kind } = modelServers;
  const usual = { repository: { hostPath: { path: '/models' } }, models: [{ name: 'digits' }] };
  const object = { apiVersion, kind, metadata: { name, namespace }, spec: spec };
  await cluster.create(modelServers, {
    ...object,
    spec: 'models' in spec || 'config' in spec ? spec : { ...usual, ...spec },
  } as KubeObject);
}

test('a steady state writes nothing, whatever is set', { timeout: 120_000 }, async () => {
  await cluster.create(configMaps, {
    ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name: 'ovms' } },
    data: { 'config.json': '{"model_config_list":[]}' },
  } as KubeObject);
  for (const { file, object } of validExamples()) {
    const spec = object.spec as { readonly rollout?: object };
    await create(file.replace('.yaml', ''), { ...spec, rollout: { ...spec.rollout, paused: false } });
  }
  for (const [name, spec] of Object.entries({ ...unusual, ...unusualForms })) await create(name, spec);
  await startOperator();
  await quiet();
  await sleep(3000);
  assert.deepEqual(writes, []);
});

test('nor does the next operator, but for what it does not recognise', { timeout: 60_000 }, async () => {
  await stopOperator();
  writes = [];
  await startOperator();
  await sleep(3000);
  const expected = [
    'patch Deployment tolerations: 200',
    'patch Deployment volumes: 200',
    'patch HorizontalPodAutoscaler metrics: 200',
  ];
  assert.deepEqual(writes.filter((write) => !/(repository-image|model-images)/.test(write)).toSorted(), expected);
  await quiet();
});

const container = '/spec/template/spec/containers/0';
const replace = (path: string, value: unknown) => [{ op: 'replace', path, value }];

/** Merged with what we apply, most of these would be refused: two ports of one name, two handlers in one probe. */
const edits: readonly [object: string, patch: readonly object[]][] = [
  ['service', replace('/spec/ports/0/port', 9090)],
  ['service', replace('/spec/ports/0/name', 'other')],
  ['service', replace('/spec/type', 'NodePort')],
  ['deployment', replace(`${container}/ports/0/containerPort`, 9009)],
  ['deployment', replace(`${container}/livenessProbe`, { httpGet: { port: 80 } })],
  ['deployment', replace(`${container}/lifecycle`, { preStop: { exec: { command: ['sleep', '9'] } } })],
  ['deployment', replace('/spec/strategy', { type: 'Recreate' })],
  ['poddisruptionbudget', replace('/spec', { minAvailable: 1, selector: { matchLabels: { a: 'b' } } })],
  ['horizontalpodautoscaler', replace('/spec/maxReplicas', 9)],
  ['networkpolicy', replace('/spec/ingress', [])],
  ['serviceaccount', [{ op: 'remove', path: '/automountServiceAccountToken' }]],
];

test('where the API server leaves image volumes out, the status says so', async () => {
  const { items } = await cluster.list<ModelServer>(modelServers, { namespace });
  const { status } = items.find(({ metadata }) => metadata.name === 'repository-image')!;
  assert.equal(status.conditions?.find(({ type }) => type === 'Stalled')?.reason, 'ImageVolumesUnsupported');
});

test('what is changed by hand comes back within a second', { timeout: 120_000 }, async (t) => {
  await create('edited', { replicas: 2, autoscaling: { maxReplicas: 4 }, networkPolicy: { enabled: true } });
  await quiet();
  for (const [kind, patch] of edits) {
    await t.test(`${kind} ${JSON.stringify(patch[0])}`, async () => {
      const name = `${kind}/edited`;
      const wanted = await contentOf(name);
      const words = ['patch', name, `--namespace=${namespace}`, '--type=json', `--patch=${JSON.stringify(patch)}`];
      await plane.kubectl([...words, '--field-manager=kubectl-edit']);
      const began = performance.now();
      while ((await contentOf(name)) !== wanted) {
        const ms = performance.now() - began;
        assert.ok(ms < 3000, `not within 3 s: ${await contentOf(name)}, and not ${wanted}`);
      }
      t.diagnostic(`${name}: ${Math.round(performance.now() - began)} ms`);
    });
  }
  await quiet();
});

test('what was made anew follows the resource as before: what is not wanted any more goes', async () => {
  await plane.kubectl([
    ...['patch', 'modelserver/edited', `--namespace=${namespace}`, '--type=merge'],
    '--patch={"spec":{"service":{"grpcPort":443}}}',
  ]);
  await quiet();
  const ports = await plane.kubectl([
    ...['get', 'service/edited', `--namespace=${namespace}`],
    '--output=jsonpath={.spec.ports[*].port}',
  ]);
  assert.equal(ports, '443 8081', 'of gRPC and of REST');
});

async function contentOf(name: string): Promise<string> {
  const object = JSON.parse(await plane.kubectl(['get', name, `--namespace=${namespace}`, '--output=json']));
  return JSON.stringify([object.spec, object.automountServiceAccountToken]);
}

test('in a namespace that is being deleted nothing is tried again, and nothing is told', async () => {
  await plane.kubectl(['create', 'namespace', 'doomed']);
  const { apiVersion, kind } = modelServers;
  const spec = { repository: { hostPath: { path: '/models' } }, models: [{ name: 'digits' }] };
  // Held up, so that the namespace is on its way out for a while.
  const metadata = { name: 'y', namespace: 'doomed', finalizers: ['example.com/held'] };
  await cluster.create(modelServers, { apiVersion, kind, metadata, spec } as KubeObject);
  await quiet();
  const before = await statusOf('doomed', 'y');
  await plane.kubectl(['delete', 'namespace', 'doomed', '--wait=false']);
  await plane.kubectl(['delete', 'service/y', '--namespace=doomed']);
  await sleep(1000);
  writes = [];
  await sleep(5000);
  assert.deepEqual(writes, []);
  assert.deepEqual(await statusOf('doomed', 'y'), before);
});

async function statusOf(namespace: string, name: string): Promise<unknown> {
  return (await cluster.get<ModelServer>(modelServers, { namespace, name }))?.status.conditions;
}
