import assert from 'node:assert/strict';
import type { Rendered } from '../support/helm.ts';

/** A set of values, and what must come of it. */
export interface Rendering {
  readonly name: string;
  readonly values: object;
  check(objects: readonly Rendered[]): void;
}

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const kinds = (objects: readonly Rendered[]): string[] => objects.map(({ kind }) => kind).toSorted();

export function one(objects: readonly Rendered[], kind: string, name?: string): Rendered {
  const found = objects.filter(({ kind: its, metadata }) => its === kind && (name ?? metadata.name) === metadata.name);
  assert.equal(found.length, 1, `${kind} ${name ?? ''}: ${found.length} of them`);
  return found[0]!;
}

const full = 'release-modelserver-operator';
const operator = (objects: readonly Rendered[]) => one(objects, 'Deployment').spec.template.spec.containers[0];
const argumentsOf = (objects: readonly Rendered[]): string[] => operator(objects).args;
const environment = (objects: readonly Rendered[]): Record<string, string> =>
  Object.fromEntries(operator(objects).env.map(({ name, value }: { name: string; value: string }) => [name, value]));
const roles = (objects: readonly Rendered[]) => objects.filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole');
const verbsOn = ({ rules }: Rendered, resource: string): string[] =>
  rules
    .filter(({ resources }: { resources: string[] }) => resources.includes(resource))
    .flatMap(({ verbs }: { verbs: string[] }) => verbs);

export const renderings: readonly Rendering[] = [
  {
    name: 'the defaults',
    values: {},
    check(objects) {
      assert.deepEqual(kinds(objects), [
        ...[
          'ClusterRole',
          'ClusterRole',
          'ClusterRole',
          'ClusterRole',
          'ClusterRoleBinding',
          'CustomResourceDefinition',
        ],
        ...['Deployment', 'Pod', 'PodDisruptionBudget', 'Role', 'RoleBinding', 'Service', 'ServiceAccount'],
      ]);
      assert.equal(one(objects, 'CustomResourceDefinition').metadata.annotations?.['helm.sh/resource-policy'], 'keep');
      const { spec } = one(objects, 'Deployment');
      assert.equal(spec.replicas, 2);
      assert.equal(spec.template.spec.serviceAccountName, full);
      assert.ok(spec.template.spec.terminationGracePeriodSeconds > 30);
      assert.deepEqual(argumentsOf(objects), [
        ...['run', '--leader-elect=true', `--lease-name=${full}`, '--workers=8', '--requests-per-second=100'],
        ...['--metrics-address=0.0.0.0:8080', '--probe-address=0.0.0.0:8081', '--allow-host-path=false'],
        ...['--enable-pod-patch=true', '--cluster-domain=cluster.local', '--log-level=info'],
      ]);
      const { image, resources } = operator(objects);
      assert.match(image, /^localhost\/modelserver-operator:\d+\.\d+\.\d+$/);
      assert.equal(environment(objects).RELATED_IMAGE_SERVER, image.replace('-operator', ''));
      assert.deepEqual(resources, { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } });
    },
  },
  {
    name: 'the rights in the whole cluster',
    values: {},
    check(objects) {
      const role = one(objects, 'ClusterRole', full);
      const children = ['get', 'list', 'watch', 'create', 'patch', 'delete'];
      const granted: Record<string, string[]> = {
        modelservers: ['get', 'list', 'watch'],
        'modelservers/status': ['get', 'patch'],
        'modelservers/finalizers': ['update'],
        deployments: children,
        services: children,
        configmaps: children,
        serviceaccounts: children,
        poddisruptionbudgets: children,
        horizontalpodautoscalers: children,
        networkpolicies: children,
        podmonitors: children,
        pods: ['get', 'list', 'watch', 'patch'],
        persistentvolumeclaims: ['get', 'list', 'watch'],
        events: ['create', 'patch'],
      };
      for (const [resource, verbs] of Object.entries(granted))
        assert.deepEqual(verbsOn(role, resource), verbs, resource);
      const all = role.rules.flatMap(({ resources }: { resources: string[] }) => resources);
      assert.deepEqual(all.toSorted(), Object.keys(granted).toSorted());
      const leases = one(objects, 'Role', `${full}-leader-election`);
      assert.equal(leases.metadata.namespace, 'operators');
      assert.deepEqual(
        leases.rules.map(({ resourceNames, verbs }: { resourceNames?: string[]; verbs: string[] }) => [
          resourceNames,
          verbs,
        ]),
        [
          [undefined, ['create']],
          [[full], ['get', 'update']],
        ],
      );
    },
  },
  {
    name: 'the roles of users',
    values: {},
    check(objects) {
      const verbs = (role: string) => verbsOn(one(objects, 'ClusterRole', `${full}-${role}`), 'modelservers');
      assert.deepEqual(verbs('view'), ['get', 'list', 'watch']);
      assert.deepEqual(verbs('edit'), ['create', 'update', 'patch', 'delete', 'deletecollection']);
      assert.deepEqual(verbs('admin'), ['*']);
      const into = (role: string) =>
        Object.keys(one(objects, 'ClusterRole', `${full}-${role}`).metadata.labels ?? {})
          .flatMap((key) => key.split('/aggregate-to-')[1] ?? [])
          .toSorted();
      assert.deepEqual(into('view'), ['admin', 'edit', 'view']);
      assert.deepEqual(into('edit'), ['admin', 'edit']);
      assert.deepEqual(into('admin'), ['admin']);
    },
  },
  {
    name: 'images by digest, which wins over a tag',
    values: {
      image: { repository: 'images.example/operator', tag: '9', digest: digest('a') },
      serverImage: { repository: 'images.example/server', tag: '9', digest: digest('b') },
      imagePullSecrets: [{ name: 'pull' }],
    },
    check(objects) {
      const image = `images.example/operator@${digest('a')}`;
      assert.equal(operator(objects).image, image);
      const { spec } = one(objects, 'Pod');
      assert.equal(spec.containers[0].image, image);
      assert.equal(environment(objects).RELATED_IMAGE_SERVER, `images.example/server@${digest('b')}`);
      assert.deepEqual(spec.imagePullSecrets, [{ name: 'pull' }]);
      assert.deepEqual(one(objects, 'Deployment').spec.template.spec.imagePullSecrets, [{ name: 'pull' }]);
    },
  },
  {
    name: 'images by tag',
    values: { image: { tag: '1.2.3-rc.1' }, serverImage: { repository: 'images.example:5000/server', tag: 'latest' } },
    check(objects) {
      assert.equal(operator(objects).image, 'localhost/modelserver-operator:1.2.3-rc.1');
      assert.equal(environment(objects).RELATED_IMAGE_SERVER, 'images.example:5000/server:latest');
    },
  },
  {
    name: 'a Role in each of the namespaces',
    values: { watchNamespaces: ['blue', 'green', 'operators'] },
    check(objects) {
      assert.ok(argumentsOf(objects).includes('--watch-namespaces=blue,green,operators'));
      assert.deepEqual(
        roles(objects).flatMap(({ metadata }) => metadata.namespace ?? []),
        ['blue', 'green', 'operators', 'operators'],
      );
      assert.equal(kinds(objects).filter((kind) => kind === 'ClusterRoleBinding').length, 0);
      for (const binding of objects.filter(({ kind }) => kind === 'RoleBinding')) {
        assert.deepEqual(binding.subjects, [{ kind: 'ServiceAccount', name: full, namespace: 'operators' }]);
        one(
          objects.filter(({ metadata }) => metadata.namespace === binding.metadata.namespace),
          'Role',
          binding.roleRef.name,
        );
      }
    },
  },
  {
    name: 'one operator without an election',
    values: { replicas: 1, leaderElection: { enabled: false } },
    check(objects) {
      assert.ok(argumentsOf(objects).includes('--leader-elect=false'));
      assert.deepEqual(one(objects, 'Deployment').spec.strategy, { type: 'Recreate' });
      assert.ok(!kinds(objects).includes('PodDisruptionBudget'));
      assert.ok(!kinds(objects).includes('Role'));
    },
  },
  {
    name: 'a second release beside another',
    values: { crds: { install: false }, rbac: { aggregate: false }, watchNamespaces: ['blue'] },
    check(objects) {
      for (const kind of ['CustomResourceDefinition', 'ClusterRole', 'ClusterRoleBinding']) {
        assert.ok(!kinds(objects).includes(kind), kind);
      }
    },
  },
  {
    name: 'CustomResourceDefinitions that go with the release',
    values: { crds: { keep: false } },
    check: (objects) => assert.equal(one(objects, 'CustomResourceDefinition').metadata.annotations, undefined),
  },
  {
    name: 'rights and ServiceAccount of the user',
    values: { rbac: { create: false, aggregate: false }, serviceAccount: { create: false, name: 'mine' } },
    check(objects) {
      assert.deepEqual(roles(objects), []);
      assert.ok(!kinds(objects).includes('ServiceAccount'));
      assert.equal(one(objects, 'Deployment').spec.template.spec.serviceAccountName, 'mine');
    },
  },
  {
    name: 'an operator that leaves pods alone, and lets models lie on nodes',
    values: {
      pods: { patch: false },
      allowHostPath: true,
      workers: 2,
      logLevel: 'debug',
      clusterDomain: 'k8s.example',
    },
    check(objects) {
      assert.deepEqual(verbsOn(one(objects, 'ClusterRole', full), 'pods'), ['get', 'list', 'watch']);
      const flags = ['--enable-pod-patch=false', '--allow-host-path=true', '--workers=2', '--log-level=debug'];
      for (const flag of [...flags, '--cluster-domain=k8s.example'])
        assert.ok(argumentsOf(objects).includes(flag), flag);
    },
  },
  {
    name: 'traces',
    values: {
      otel: {
        endpoint: 'http://collector:4318',
        protocol: 'http/protobuf',
        sampler: 'traceidratio',
        samplerArgument: '0.1',
      },
      extraEnv: [{ name: 'OTEL_EXPORTER_OTLP_TIMEOUT', value: '1000' }],
    },
    check(objects) {
      const { POD_NAME: _, POD_NAMESPACE: __, RELATED_IMAGE_SERVER: ___, ...rest } = environment(objects);
      assert.deepEqual(rest, {
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
        OTEL_RESOURCE_ATTRIBUTES: 'k8s.namespace.name=$(POD_NAMESPACE),k8s.pod.name=$(POD_NAME)',
        OTEL_TRACES_SAMPLER: 'traceidratio',
        OTEL_TRACES_SAMPLER_ARG: '0.1',
        OTEL_EXPORTER_OTLP_TIMEOUT: '1000',
      });
    },
  },
  {
    name: 'all that monitoring takes',
    values: {
      serviceMonitor: { enabled: true, labels: { release: 'prometheus' }, interval: '15s' },
      prometheusRule: { enabled: true, alertLabels: { team: 'ml', severity: 'page' } },
      dashboards: { enabled: true, annotations: { folder: 'ml' } },
    },
    check(objects) {
      const monitor = one(objects, 'ServiceMonitor');
      assert.equal(monitor.metadata.labels?.release, 'prometheus');
      const [endpoint] = monitor.spec.endpoints;
      assert.equal(endpoint.interval, '15s');
      const service = one(objects, 'Service');
      assert.ok(service.spec.ports.some(({ name }: { name: string }) => name === endpoint.port));
      for (const [key, value] of Object.entries(monitor.spec.selector.matchLabels)) {
        assert.equal(service.metadata.labels?.[key], value);
      }
      const [{ rules }] = one(objects, 'PrometheusRule').spec.groups;
      assert.ok(rules.length >= 6);
      for (const { expr, labels, annotations } of rules) {
        assert.match(expr, /\{namespace="operators",service="release-modelserver-operator"[,}]/);
        assert.equal(labels.team, 'ml');
        assert.match(labels.severity, /^(critical|warning)$/);
        assert.ok(annotations.summary && annotations.description);
      }
      for (const name of ['operator', 'servers']) {
        const { metadata, data } = one(objects, 'ConfigMap', `${full}-${name}`);
        assert.equal(metadata.labels?.grafana_dashboard, '1');
        assert.equal(metadata.annotations?.folder, 'ml');
        const dashboard = JSON.parse(data[`modelserver-${name}.json`]);
        assert.ok(dashboard.panels.length > 10);
        assert.equal(dashboard.uid, `modelserver-${name}`);
      }
    },
  },
  {
    name: 'no alert on the leader where none is elected',
    values: { prometheusRule: { enabled: true }, leaderElection: { enabled: false }, replicas: 1 },
    check: (objects) => assert.doesNotMatch(JSON.stringify(one(objects, 'PrometheusRule')), /leader_election/),
  },
  {
    name: 'a network policy',
    values: { networkPolicy: { enabled: true } },
    check(objects) {
      const { spec } = one(objects, 'NetworkPolicy');
      assert.deepEqual(spec.policyTypes, ['Ingress']);
      assert.deepEqual(spec.ingress, [{ ports: [{ port: 'metrics' }] }, { ports: [{ port: 'probes' }] }]);
    },
  },
  {
    name: 'a network policy for the way out too',
    values: {
      networkPolicy: {
        enabled: true,
        metricsFrom: [{ namespaceSelector: { matchLabels: { name: 'monitoring' } } }],
        egress: [{ ports: [{ port: 6443 }] }],
      },
    },
    check(objects) {
      const { spec } = one(objects, 'NetworkPolicy');
      assert.deepEqual(spec.policyTypes, ['Ingress', 'Egress']);
      assert.deepEqual(spec.ingress[0].from, [{ namespaceSelector: { matchLabels: { name: 'monitoring' } } }]);
      assert.deepEqual(spec.egress, [{ ports: [{ port: 6443 }] }]);
    },
  },
  {
    name: 'pods in their place, with more of everything',
    values: {
      podLabels: { team: 'ml', 'app.kubernetes.io/name': 'not-this' },
      podAnnotations: { note: 'x' },
      priorityClassName: 'high',
      nodeSelector: { pool: 'system' },
      tolerations: [{ key: 'system', operator: 'Exists' }],
      affinity: { nodeAffinity: {} },
      topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }],
      extraArgs: ['--kubeconfig=/etc/kubeconfig'],
      extraVolumes: [{ name: 'kubeconfig', secret: { secretName: 'kubeconfig' } }],
      extraVolumeMounts: [{ name: 'kubeconfig', mountPath: '/etc/kubeconfig' }],
      terminationGracePeriodSeconds: 90,
      podDisruptionBudget: { maxUnavailable: '50%' },
      serviceAccount: { annotations: { role: 'x' } },
      service: { annotations: { scrape: 'x' } },
    },
    check(objects) {
      const { selector, template } = one(objects, 'Deployment').spec;
      assert.equal(template.metadata.labels.team, 'ml');
      assert.equal(template.metadata.labels['app.kubernetes.io/name'], selector.matchLabels['app.kubernetes.io/name']);
      assert.equal(template.metadata.annotations.note, 'x');
      assert.equal(template.spec.priorityClassName, 'high');
      assert.deepEqual(template.spec.nodeSelector, { pool: 'system' });
      assert.deepEqual(template.spec.affinity, { nodeAffinity: {} });
      assert.equal(template.spec.topologySpreadConstraints[0].topologyKey, 'zone');
      assert.equal(template.spec.volumes[0].name, 'kubeconfig');
      assert.equal(template.spec.containers[0].volumeMounts[0].name, 'kubeconfig');
      assert.equal(argumentsOf(objects).at(-1), '--kubeconfig=/etc/kubeconfig');
      assert.deepEqual(one(objects, 'Pod').spec.tolerations, [{ key: 'system', operator: 'Exists' }]);
      assert.equal(one(objects, 'PodDisruptionBudget').spec.maxUnavailable, '50%');
      assert.equal(one(objects, 'ServiceAccount').metadata.annotations?.role, 'x');
      assert.equal(one(objects, 'Service').metadata.annotations?.scrape, 'x');
    },
  },
  {
    name: 'names of the user, pods with IPv6 addresses, a user that the platform chooses',
    values: {
      fullnameOverride: 'models',
      nameOverride: 'operator',
      listenAddress: '[::]',
      podSecurityContext: { runAsUser: null, runAsGroup: null, fsGroup: null },
    },
    check(objects) {
      assert.equal(one(objects, 'Deployment').metadata.name, 'models');
      assert.ok(argumentsOf(objects).includes('--lease-name=models'));
      assert.ok(argumentsOf(objects).includes('--probe-address=[::]:8081'));
      assert.deepEqual(one(objects, 'Role', 'models-leader-election').rules[1].resourceNames, ['models']);
      assert.deepEqual(one(objects, 'Deployment').spec.template.spec.securityContext, {
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      });
    },
  },
];
