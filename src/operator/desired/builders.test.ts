import assert from 'node:assert/strict';
import { test } from 'node:test';
import { childrenOf } from '../../../test/operator/rendering.ts';
import { modelServer } from '../../../test/support/model-server.ts';

const selector = { 'modelserver.dev/name': 'x' };
const peers = [{ podSelector: { matchLabels: { a: 'b' } } }];
const autoscaling = { minReplicas: 2, maxReplicas: 5 };

/** What of a child's spec has to be so; more may be there. */
const cases: [what: string, spec: object, child: string, part: object][] = [
  ['of the usual port', {}, 'Service x', { type: 'ClusterIP', selector, clusterIP: undefined }],
  [
    'of its own port, outside',
    { service: { type: 'LoadBalancer', grpcPort: 443, restPort: 8444, trafficDistribution: 'PreferClose' } },
    'Service x',
    {
      type: 'LoadBalancer',
      trafficDistribution: 'PreferClose',
      ports: [
        { name: 'grpc', port: 443, targetPort: 'grpc', protocol: 'TCP', appProtocol: 'kubernetes.io/h2c' },
        { name: 'rest', port: 8444, targetPort: 'http', protocol: 'TCP', appProtocol: 'http' },
      ],
    },
  ],
  [
    "of the pods' port, for clients that balance themselves",
    { service: { headless: true, type: 'NodePort', grpcPort: 443, trafficDistribution: 'PreferClose' } },
    'Service x-headless',
    {
      type: 'ClusterIP',
      clusterIP: 'None',
      trafficDistribution: undefined,
      ports: [
        { name: 'grpc', port: 9000, targetPort: 'grpc', protocol: 'TCP', appProtocol: 'kubernetes.io/h2c' },
        { name: 'rest', port: 8000, targetPort: 'http', protocol: 'TCP', appProtocol: 'http' },
      ],
    },
  ],
  [
    'with nobody missing meanwhile',
    {},
    'Deployment x',
    {
      replicas: 1,
      paused: false,
      selector: { matchLabels: selector },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    },
  ],
  [
    'as the rollout has it',
    {
      replicas: 0,
      rollout: { maxSurge: 0, maxUnavailable: '25%', progressDeadline: '1m30s', revisionHistoryLimit: 0 },
    },
    'Deployment x',
    {
      replicas: 0,
      progressDeadlineSeconds: 90,
      revisionHistoryLimit: 0,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: '25%' } },
    },
  ],
  [
    'of the ModelServer, not of the Deployment',
    { autoscaling: { ...autoscaling, metrics: [{ type: 'Pods' }], behavior: { scaleUp: {} } } },
    'HorizontalPodAutoscaler x',
    {
      scaleTargetRef: { apiVersion: 'modelserver.dev/v1alpha1', kind: 'ModelServer', name: 'x' },
      ...autoscaling,
      metrics: [{ type: 'Pods' }],
      behavior: { scaleUp: {} },
    },
  ],
  [
    "by Kubernetes' own measure",
    { autoscaling },
    'HorizontalPodAutoscaler x',
    { metrics: undefined, behavior: undefined },
  ],
  [
    'of one at a time',
    { replicas: 3 },
    'PodDisruptionBudget x',
    { maxUnavailable: 1, selector: { matchLabels: selector }, unhealthyPodEvictionPolicy: 'AlwaysAllow' },
  ],
  [
    'of a share',
    { replicas: 3, disruptionBudget: { maxUnavailable: '50%' } },
    'PodDisruptionBudget x',
    { maxUnavailable: '50%' },
  ],
  [
    'for pods of the namespace, and the operator',
    { networkPolicy: { enabled: true } },
    'NetworkPolicy x',
    {
      podSelector: { matchLabels: selector },
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [{ podSelector: {} }],
          ports: [
            { protocol: 'TCP', port: 9000 },
            { protocol: 'TCP', port: 8000 },
          ],
        },
        {
          from: [
            {
              namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'operators' } },
              podSelector: {
                matchLabels: { 'app.kubernetes.io/part-of': 'modelserver', 'app.kubernetes.io/component': 'operator' },
              },
            },
          ],
          ports: [{ protocol: 'TCP', port: 9000 }],
        },
      ],
    },
  ],
  [
    'that lets the operator ask where no certificate is asked for',
    { networkPolicy: { enabled: true, from: peers }, server: { tls: { secretName: 's' } } },
    'NetworkPolicy x',
    {
      ingress: [
        {
          from: peers,
          ports: [
            { protocol: 'TCP', port: 9000 },
            { protocol: 'TCP', port: 8000 },
          ],
        },
        {
          from: [
            {
              namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'operators' } },
              podSelector: {
                matchLabels: { 'app.kubernetes.io/part-of': 'modelserver', 'app.kubernetes.io/component': 'operator' },
              },
            },
          ],
          ports: [{ protocol: 'TCP', port: 9001 }],
        },
      ],
    },
  ],
  [
    'with TLS',
    { server: { tls: { secretName: 's' } } },
    'Service x',
    {
      ports: [
        { name: 'grpc', port: 8080, targetPort: 'grpc', protocol: 'TCP', appProtocol: 'https' },
        { name: 'rest', port: 8081, targetPort: 'http', protocol: 'TCP', appProtocol: 'https' },
      ],
    },
  ],
  [
    'with TLS',
    { observability: { metrics: { podMonitor: { enabled: true } } }, server: { tls: { secretName: 's' } } },
    'PodMonitor x',
    {
      podMetricsEndpoints: [
        { port: 'http', path: '/metrics', interval: '30s', scheme: 'https', tlsConfig: { insecureSkipVerify: true } },
      ],
    },
  ],
  [
    'for the labels of the user',
    { observability: { metrics: { podMonitor: { enabled: true, interval: '1m' } } } },
    'PodMonitor x',
    { selector: { matchLabels: selector }, podMetricsEndpoints: [{ port: 'http', path: '/metrics', interval: '60s' }] },
  ],
];

for (const [what, spec, child, part] of cases) {
  test(`${child}: ${what}`, () => {
    const found = object(spec, child).spec as Record<string, unknown>;
    for (const [field, value] of Object.entries(part)) assert.deepEqual(found[field], value, field);
    // What has no value is not applied: it would be taken from those who have a say in it.
    assert.deepEqual(found, JSON.parse(JSON.stringify(found)));
  });
}

test('a network policy lets the named peers in, to both ports', () => {
  const spec = { networkPolicy: { enabled: true, from: peers }, server: { httpPort: 8001 } };
  const first = (policy: object) =>
    (object(policy, 'NetworkPolicy x').spec as { ingress: readonly { readonly from: object }[] }).ingress[0]!;
  const ports = [
    { protocol: 'TCP', port: 9000 },
    { protocol: 'TCP', port: 8001 },
  ];
  assert.deepEqual(first(spec), { from: peers, ports });
  assert.deepEqual(first({ networkPolicy: { enabled: true, from: [] } }).from, [{ podSelector: {} }]);
});

test("the Service has the user's annotations, and the monitor the user's labels; the operator's win", () => {
  const service = object({ service: { annotations: { a: 'b' } } }, 'Service x');
  assert.equal(service.metadata.annotations?.a, 'b');
  const labels = { release: 'p', 'modelserver.dev/name': 'other' };
  const spec = { observability: { metrics: { podMonitor: { enabled: true, labels } } } };
  const monitor = object(spec, 'PodMonitor x');
  assert.equal(monitor.metadata.labels?.release, 'p');
  assert.equal(monitor.metadata.labels?.['modelserver.dev/name'], 'x');
});

test('the config has its own hash, which moves with it, and the account has no token', () => {
  const hash = (models: object[]) =>
    object({ models }, 'ConfigMap x-config').metadata.annotations!['modelserver.dev/config'];
  assert.notEqual(hash([{ name: 'a' }]), hash([{ name: 'b' }]));
  assert.equal(hash([{ name: 'a' }]), hash([{ name: 'a', required: true }]));
  assert.equal(object({}, 'ServiceAccount x').automountServiceAccountToken, false);
});

function object(spec: object, child: string) {
  const found = childrenOf(modelServer(spec)).find(({ kind, name }) => `${kind.kind} ${name}` === child)?.object;
  return found ?? assert.fail(`there is no ${child}`);
}
