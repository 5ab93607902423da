import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Cluster, ObjectKey, WatchEvent, WatchOptions } from '../../src/operator/cluster/cluster.ts';
import { ClusterError, type ClusterErrorCode } from '../../src/operator/cluster/cluster-error.ts';
import { configMaps, deployments, leases, services } from '../../src/operator/cluster/kinds.ts';
import type { Kind, KubeObject } from '../../src/operator/cluster/kube-object.ts';
import { sleep, systemClock } from '../../src/shared/clock.ts';

/** An implementation of the port. */
export interface ClusterUnderTest {
  readonly name: string;
  open(): Promise<OpenCluster>;
  /** Why cases cannot be run, by their names. */
  readonly skips?: Readonly<Record<string, string>>;
}

export interface OpenCluster {
  readonly cluster: Cluster;
  /** Two of them, with nothing in them but what the cluster itself puts there. */
  readonly namespace: string;
  readonly otherNamespace: string;
  /**
   * A kind of a CustomResourceDefinition, namespaced, with the status subresource. `spec` and `status` take any field; the
   * lists `spec.models` and `status.conditions` are maps, by `name` and by `type`.
   */
  readonly widgets: Kind;
  /** A resource version of widgets that no watch can go on from any more. */
  oldVersion(): Promise<string>;
  close(): Promise<void>;
}

interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}
interface Widget extends KubeObject {
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
}
interface Deployment extends KubeObject {
  readonly spec: {
    readonly replicas?: number;
    readonly template: { readonly spec: { readonly containers: readonly Container[] } };
  };
  readonly status?: Readonly<Record<string, unknown>>;
}
interface Container {
  readonly name: string;
  readonly image: string;
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
}

const ours = { manager: 'suite' };
const nothing: Kind = { apiVersion: 'nothing.example/v1', kind: 'Nothing', plural: 'nothings', namespaced: true };

/** What every cluster does. */
export function clusterSuite(subject: ClusterUnderTest): void {
  suite(`cluster ${subject.name}`, () => {
    const check = (name: string, body: (open: OpenCluster) => Promise<void>) =>
      test(name, { skip: subject.skips?.[name] ?? false }, async () => {
        const open = await subject.open();
        try {
          await body(open);
        } finally {
          await open.close();
        }
      });

    check('gets undefined where there is no object or no kind', async ({ cluster, namespace }) => {
      assert.equal(await cluster.get(configMaps, { namespace, name: 'none' }), undefined);
      assert.equal(await cluster.get(nothing, { namespace, name: 'none' }), undefined);
    });

    check('creates, and tells who and when it is', async ({ cluster, namespace, widgets }) => {
      const created = await cluster.create(widgets, widget(widgets, namespace, 'one', { size: 1 }));
      assert.equal(created.apiVersion, widgets.apiVersion);
      assert.equal(created.kind, widgets.kind);
      const { uid, resourceVersion, generation, creationTimestamp } = created.metadata;
      assert.ok(uid && resourceVersion);
      assert.equal(generation, 1);
      assert.match(creationTimestamp!, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      assert.deepEqual(await cluster.get(widgets, { namespace, name: 'one' }), created);
      const map = await cluster.create(configMaps, configMap(namespace, 'one', { a: '1' }));
      assert.equal(map.metadata.generation, undefined);
      await rejects(cluster.create(configMaps, configMap(namespace, 'one', {})), 'already-exists');
      await rejects(cluster.create(configMaps, configMap(namespace, 'Not_A_Name', {})), 'invalid', /Not_A_Name/);
      await rejects(cluster.create(nothing, widget(nothing, namespace, 'one', {})), 'not-found');
    });

    check('replaces what is still at the same resource version', async ({ cluster, namespace, widgets }) => {
      const first = await cluster.create(configMaps, configMap(namespace, 'one', { a: '1', b: '1' }));
      const second = await cluster.replace<ConfigMap>(configMaps, { ...first, data: { a: '2' } });
      assert.deepEqual(second.data, { a: '2' });
      assert.notEqual(second.metadata.resourceVersion, first.metadata.resourceVersion);
      await rejects(cluster.replace(configMaps, { ...first, data: { a: '3' } }), 'conflict');
      const { resourceVersion: _, ...metadata } = second.metadata;
      await rejects(cluster.replace(configMaps, { ...second, metadata }), 'invalid', /resourceVersion/);
      const gone = await cluster.create(widgets, widget(widgets, namespace, 'gone', {}));
      await cluster.delete(widgets, keyOf(gone));
      await rejects(cluster.replace(widgets, gone), 'not-found');
    });

    check('lets one of two take a lease', async ({ cluster, namespace }) => {
      const at = { namespace, name: 'lease' };
      const spec = (holderIdentity: string) => ({ spec: { holderIdentity, leaseDurationSeconds: 15 } });
      const free = { apiVersion: leases.apiVersion, kind: leases.kind, metadata: at };
      const created = await Promise.allSettled(
        ['a', 'b'].map((identity) => cluster.create(leases, { ...free, ...spec(identity) })),
      );
      assert.deepEqual(created.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
      const seen = (await cluster.get<KubeObject>(leases, at))!;
      const renewed = await Promise.allSettled(
        ['c', 'd', 'e'].map((identity) => cluster.replace(leases, { ...seen, ...spec(identity) })),
      );
      assert.deepEqual(renewed.map(({ status }) => status).sort(), ['fulfilled', 'rejected', 'rejected']);
      for (const outcome of renewed) {
        if (outcome.status === 'rejected') assert.equal((outcome.reason as ClusterError).code, 'conflict');
      }
      await cluster.delete(leases, keyOf(seen));
      await assert.rejects(cluster.replace(leases, seen), ClusterError);
      assert.equal(await cluster.get(leases, at), undefined);
    });

    check('merges a patch', async ({ cluster, namespace, widgets }) => {
      const at = { namespace, name: 'one' };
      const one = await cluster.create(
        widgets,
        widget(widgets, namespace, 'one', { keep: 1, drop: 1, list: [1, 2], map: { x: 1 } }),
      );
      const patch = { spec: { drop: null, list: [3], map: { y: 2 } }, metadata: { annotations: { note: 'x' } } };
      const merged = await cluster.merge<Widget>(widgets, at, patch);
      assert.deepEqual(merged.spec, { keep: 1, list: [3], map: { x: 1, y: 2 } });
      assert.equal(merged.metadata.annotations?.note, 'x');
      assert.equal(merged.metadata.generation, 2);
      const { uid } = one.metadata;
      const same = await cluster.merge<Widget>(widgets, at, { metadata: { uid, annotations: { note: 'y' } } });
      assert.equal(same.metadata.annotations?.note, 'y');
      const again = await cluster.merge<Widget>(widgets, at, { metadata: { annotations: { note: 'y' } } });
      assert.equal(again.metadata.resourceVersion, same.metadata.resourceVersion);
      const other = { metadata: { uid: '11111111-2222-4333-8444-555555555555', annotations: { note: 'z' } } };
      await rejects(cluster.merge(widgets, at, other), 'conflict');
      await rejects(cluster.merge(widgets, { namespace, name: 'none' }, { spec: {} }), 'not-found');
    });

    check('deletes what is still the one of that uid', async ({ cluster, namespace }) => {
      const one = await cluster.create(configMaps, configMap(namespace, 'one', {}));
      const at = { namespace, name: 'one' };
      await cluster.delete(configMaps, { ...at, uid: '11111111-2222-4333-8444-555555555555' });
      assert.deepEqual(await cluster.get(configMaps, at), one);
      await cluster.delete(configMaps, keyOf(one));
      assert.equal(await cluster.get(configMaps, at), undefined);
      await cluster.delete(configMaps, keyOf(one));
      await cluster.delete(nothing, keyOf(one));
      const next = await cluster.create(configMaps, configMap(namespace, 'one', {}));
      assert.notEqual(next.metadata.uid, one.metadata.uid);
      await cluster.delete(configMaps, keyOf(one));
      assert.ok(await cluster.get(configMaps, at));
    });

    check('keeps what has a finalizer until that is gone', async ({ cluster, namespace, widgets }) => {
      const one = widget(widgets, namespace, 'one', {});
      const finalizers = ['suite.example/wait'];
      const created = await cluster.create(widgets, { ...one, metadata: { ...one.metadata, finalizers } });
      assert.deepEqual(created.metadata.finalizers, finalizers);
      await cluster.delete(widgets, keyOf(created));
      const going = await cluster.get(widgets, keyOf(created));
      assert.match(going?.metadata.deletionTimestamp ?? '', /^\d{4}-/);
      assert.equal(going?.metadata.generation, 2);
      await cluster.delete(widgets, keyOf(created));
      await cluster.merge(widgets, keyOf(created), { metadata: { finalizers: null } });
      assert.equal(await cluster.get(widgets, keyOf(created)), undefined);
    });

    check('applies to none but the one of that uid, where it names one', async ({ cluster, namespace, widgets }) => {
      const one = widget(widgets, namespace, 'one', {});
      const first = await cluster.create(widgets, one);
      const named = { ...one, metadata: { ...one.metadata, uid: first.metadata.uid! }, status: { ready: true } };
      await cluster.apply(widgets, named, { ...ours, subresource: 'status' });
      await cluster.delete(widgets, keyOf(first));
      await rejects(cluster.apply(widgets, named, ours), 'conflict');
      await rejects(cluster.apply(widgets, named, { ...ours, subresource: 'status' }), 'not-found');
      const second = await cluster.create(widgets, one);
      await rejects(cluster.apply(widgets, named, ours), 'conflict');
      // Not so for the status: there, a resource version does it.
      const { resourceVersion } = first.metadata;
      const old = { ...named, metadata: { ...one.metadata, resourceVersion: resourceVersion! } };
      await rejects(cluster.apply(widgets, old, { ...ours, subresource: 'status' }), 'conflict');
      assert.deepEqual(await cluster.get(widgets, keyOf(second)), second);
      await cluster.apply(widgets, named, { ...ours, subresource: 'status' });
      assert.deepEqual((await cluster.get<Widget>(widgets, keyOf(second)))?.status, { ready: true });
    });

    check('deletes what it owned in the background', async ({ cluster, namespace, widgets }) => {
      const owner = await cluster.create(widgets, widget(widgets, namespace, 'owner', {}));
      const ownerReferences = [referenceTo(owner)];
      for (const name of ['owned', 'other']) {
        const map = configMap(namespace, name, {});
        const metadata = name === 'owned' ? { ...map.metadata, ownerReferences } : map.metadata;
        await cluster.apply(configMaps, { ...map, metadata }, ours);
      }
      await cluster.delete(widgets, keyOf(owner));
      // A garbage collector looks for new kinds every half a minute.
      const isGone = async () => (await cluster.get(configMaps, { namespace, name: 'owned' })) === undefined;
      await eventually(isGone, 60_000);
      assert.ok(await cluster.get(configMaps, { namespace, name: 'other' }));
    });

    check('applies: creates, changes, takes away, and leaves alone what is so', async ({ cluster, namespace }) => {
      const first = await cluster.apply(configMaps, configMap(namespace, 'one', { a: '1', b: '1' }), ours);
      assert.deepEqual(first.data, { a: '1', b: '1' });
      assert.equal(first.kind, 'ConfigMap');
      const same = await cluster.apply(configMaps, configMap(namespace, 'one', { a: '1', b: '1' }), ours);
      assert.deepEqual(same, first);
      const second = await cluster.apply(configMaps, configMap(namespace, 'one', { a: '2' }), ours);
      assert.deepEqual(second.data, { a: '2' });
      assert.equal(second.metadata.uid, first.metadata.uid);
      assert.notEqual(second.metadata.resourceVersion, first.metadata.resourceVersion);
      const { data: _, ...empty } = configMap(namespace, 'one', {});
      assert.equal((await cluster.apply<ConfigMap>(configMaps, empty, ours)).data, undefined);
      await rejects(cluster.apply(configMaps, configMap(namespace, 'Not_A_Name', {}), ours), 'invalid');
      await rejects(cluster.apply(nothing, widget(nothing, namespace, 'one', {}), ours), 'not-found');
    });

    check('applies labels, annotations and owners', async ({ cluster, namespace, widgets }) => {
      const owner = await cluster.create(widgets, widget(widgets, namespace, 'owner', {}));
      const apply = (metadata: object) =>
        cluster.apply<ConfigMap>(
          configMaps,
          { ...configMap(namespace, 'one', {}), metadata: { namespace, name: 'one', ...metadata } },
          ours,
        );
      const labels = { 'example.com/a': '1', b: '2' };
      const one = await apply({ labels, annotations: { c: '3' }, ownerReferences: [referenceTo(owner)] });
      assert.deepEqual(one.metadata.labels, labels);
      assert.deepEqual(one.metadata.annotations, { c: '3' });
      assert.deepEqual(one.metadata.ownerReferences, [referenceTo(owner)]);
      const none = { labels: {}, annotations: {}, ownerReferences: [] };
      const bare = widget(widgets, namespace, 'bare', { size: 1 });
      Object.assign(bare.metadata, none);
      const written = await cluster.apply(widgets, bare, ours);
      assert.deepEqual(await cluster.apply(widgets, bare, ours), written);
      const two = await apply({ labels: { b: '2' } });
      assert.deepEqual(two.metadata.labels, { b: '2' });
      assert.equal(two.metadata.annotations, undefined);
      assert.equal(two.metadata.ownerReferences, undefined);
    });

    check('applies by force, and leaves alone what others own', async ({ cluster, namespace }) => {
      const one = (data: Record<string, string>) => configMap(namespace, 'one', data);
      await cluster.apply(configMaps, one({ mine: '1', shared: '1' }), ours);
      const theirs = await cluster.apply(configMaps, one({ theirs: '2', shared: '2' }), { manager: 'another' });
      assert.deepEqual(theirs.data, { mine: '1', theirs: '2', shared: '2' });
      // It was taken from us: no longer ours to take away.
      const less = await cluster.apply(configMaps, one({}), ours);
      assert.deepEqual(less.data, { theirs: '2', shared: '2' });
      // What both say is both's, and goes with the last of them.
      await cluster.apply(configMaps, one({ shared: '2' }), ours);
      const left = await cluster.apply(configMaps, one({}), { manager: 'another' });
      assert.deepEqual(left.data, { shared: '2' });
      assert.deepEqual((await cluster.apply(configMaps, one({}), ours)).data ?? {}, {});
    });

    check('without force, applies nothing where that would change what is of others', async (open) => {
      const { cluster, namespace } = open;
      const at = { namespace, name: 'one' };
      const gently = { ...ours, force: false };
      const one = (data: Record<string, string>) => configMap(namespace, 'one', data);
      const made = await cluster.apply(configMaps, one({ mine: '1' }), gently);
      assert.deepEqual(made.data, { mine: '1' });
      const again = await cluster.apply(configMaps, one({ mine: '2' }), gently);
      assert.deepEqual(again.data, { mine: '2' });
      // Whether they applied it or wrote it in another way.
      await cluster.create(configMaps, configMap(namespace, 'two', { theirs: '1' }));
      await rejects(cluster.apply(configMaps, configMap(namespace, 'two', { theirs: '2' }), gently), 'conflict');
      await cluster.apply(configMaps, one({ theirs: '1' }), { manager: 'another' });
      const before = await cluster.get(configMaps, at);
      await rejects(cluster.apply(configMaps, one({ mine: '3', theirs: '2' }), gently), 'conflict');
      assert.deepEqual(await cluster.get(configMaps, at), before);
      // What does not differ belongs to both.
      const both = await cluster.apply(configMaps, one({ mine: '3', theirs: '1' }), gently);
      assert.deepEqual(both.data, { mine: '3', theirs: '1' });
    });

    check('repairs what another wrote into its fields', async ({ cluster, namespace }) => {
      const at = { namespace, name: 'one' };
      await cluster.apply(configMaps, configMap(namespace, 'one', { mine: '1', gone: '1' }), ours);
      await cluster.merge(configMaps, at, { data: { mine: '2', gone: null, theirs: '2' } });
      const repaired = await cluster.apply(configMaps, configMap(namespace, 'one', { mine: '1', gone: '1' }), ours);
      assert.deepEqual(repaired.data, { mine: '1', gone: '1', theirs: '2' });
    });

    check('applies a Deployment, its lists by their keys', async ({ cluster, namespace }) => {
      const at = { namespace, name: 'one' };
      const server: Container = {
        name: 'server',
        image: 'example.com/server:1',
        env: [
          { name: 'A', value: '1' },
          { name: 'B', value: '1' },
        ],
        ports: [
          { name: 'grpc', containerPort: 9000 },
          { name: 'http', containerPort: 8000 },
        ],
      };
      const first = await cluster.apply(deployments, deployment(namespace, 'one', 2, [server]), ours);
      assert.equal(first.metadata.generation, 1);
      // A controller may write in between.
      await eventually(async () => {
        const before = await cluster.get(deployments, at);
        const same = await cluster.apply(deployments, deployment(namespace, 'one', 2, [server]), ours);
        return same.metadata.resourceVersion === before?.metadata.resourceVersion;
      });

      // Somebody adds a sidecar and a variable, each to a list that is ours.
      const theirs: Container = { name: 'theirs', image: 'example.com/theirs:1' };
      const added: Container = { ...server, env: [{ name: 'C', value: '2' }], ports: [] };
      const { image: _, ...partial } = added;
      await cluster.apply(deployments, deployment(namespace, 'one', undefined, [theirs, partial as Container]), {
        manager: 'another',
      });
      const next: Container = { ...server, image: 'example.com/server:2', env: [{ name: 'B', value: '2' }] };
      const second = await cluster.apply<Deployment>(deployments, deployment(namespace, 'one', 2, [next]), ours);
      const containers = second.spec.template.spec.containers;
      assert.deepEqual(containers.map(({ name }) => name).sort(), ['server', 'theirs']);
      const found = containers.find(({ name }) => name === 'server')!;
      assert.equal(found.image, 'example.com/server:2');
      assert.deepEqual(
        found.env?.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
        [
          { name: 'B', value: '2' },
          { name: 'C', value: '2' },
        ],
      );
      assert.deepEqual(found.ports?.map(({ containerPort }) => containerPort).sort(), [8000, 9000]);
      assert.ok(second.metadata.generation! > first.metadata.generation!);

      const { ports: __, ...closed } = next;
      const third = await cluster.apply<Deployment>(deployments, deployment(namespace, 'one', 2, [closed]), ours);
      const server3 = third.spec.template.spec.containers.find(({ name }) => name === 'server');
      assert.deepEqual(server3?.ports ?? [], []);
      assert.equal((await cluster.get<Deployment>(deployments, at))?.spec.replicas, 2);
    });

    check('leaves the replicas to whoever set them last, once it says nothing of them', async (open) => {
      const { cluster, namespace } = open;
      const containers = [{ name: 'server', image: 'example.com/server:1' }];
      await cluster.apply(deployments, deployment(namespace, 'one', 2, containers), ours);
      await cluster.merge(deployments, { namespace, name: 'one' }, { spec: { replicas: 5 } });
      const scaled = await cluster.apply(deployments, deployment(namespace, 'one', undefined, containers), ours);
      assert.equal(scaled.spec.replicas, 5);
      await rejects(
        cluster.merge(deployments, { namespace, name: 'one' }, { spec: { selector: { matchLabels: { app: 'x' } } } }),
        'invalid',
        /immutable/,
      );
    });

    check('applies a Service, its ports by their numbers', async ({ cluster, namespace }) => {
      const service = (ports: readonly object[]) => ({
        apiVersion: services.apiVersion,
        kind: services.kind,
        metadata: { namespace, name: 'one' },
        spec: { selector: { app: 'one' }, ports },
      });
      const grpc = { name: 'grpc', port: 8080, protocol: 'TCP', targetPort: 'grpc' };
      const rest = { name: 'rest', port: 8081, protocol: 'TCP', targetPort: 'rest' };
      const one = await cluster.apply(services, service([grpc, rest]), ours);
      assert.deepEqual(one.spec.ports, [grpc, rest]);
      assert.deepEqual(await cluster.apply(services, service([grpc, rest]), ours), one);
      const two = await cluster.apply(services, service([{ ...grpc, targetPort: 9000 }]), ours);
      assert.deepEqual(two.spec.ports, [{ ...grpc, targetPort: 9000 }]);
      assert.deepEqual(two.spec.selector, { app: 'one' });
    });

    check('applies maps and lists of a custom resource', async ({ cluster, namespace, widgets }) => {
      const apply = (spec: object, manager = 'suite') =>
        cluster.apply<Widget>(widgets, widget(widgets, namespace, 'one', spec), { manager });
      await apply({ models: [{ name: 'a', size: 1 }, { name: 'b' }], atomic: ['x', 'y'], deep: { er: { est: 1 } } });
      await apply({ models: [{ name: 'c' }] }, 'another');
      const next = await apply({ models: [{ name: 'b', size: 2 }], atomic: ['z'] });
      assert.deepEqual(sorted(next.spec?.models), [{ name: 'b', size: 2 }, { name: 'c' }]);
      assert.deepEqual(next.spec?.atomic, ['z']);
      assert.ok(!('deep' in next.spec!));
    });

    check('keeps the status apart from the rest', async ({ cluster, namespace, widgets }) => {
      const status = { ready: true, conditions: [condition('Ready', 'True')] };
      const one = widget(widgets, namespace, 'one', { size: 1 });
      const toStatus = { manager: 'suite-status', subresource: 'status' } as const;
      await rejects(cluster.apply<Widget>(widgets, { ...one, status }, toStatus), 'not-found');
      const created = await cluster.create<Widget>(widgets, { ...one, status });
      assert.equal(created.status, undefined);
      const told = await cluster.apply<Widget>(widgets, { ...one, spec: { size: 7 }, status }, toStatus);
      assert.deepEqual(told.status, status);
      assert.deepEqual(told.spec, { size: 1 });
      assert.equal(told.metadata.generation, 1);
      assert.notEqual(told.metadata.resourceVersion, created.metadata.resourceVersion);
      const again = await cluster.apply<Widget>(widgets, { ...one, status }, toStatus);
      assert.equal(again.metadata.resourceVersion, told.metadata.resourceVersion);
      const applied = await cluster.apply<Widget>(widgets, { ...one, status: { ready: false } }, ours);
      assert.deepEqual(applied.status, status);
      const merged = await cluster.merge<Widget>(widgets, keyOf(applied), {
        status: { ready: false },
        spec: { size: 2 },
      });
      assert.deepEqual(merged.status, status);
      assert.equal(merged.metadata.generation, 2);
      const replaced = await cluster.replace<Widget>(widgets, { ...merged, status: { ready: false } });
      assert.deepEqual(replaced.status, status);
    });

    check('applies to the status: by its keys, and takes away', async ({ cluster, namespace, widgets }) => {
      const one = widget(widgets, namespace, 'one', {});
      await cluster.create<Widget>(widgets, one);
      const tell = (status: object, manager: string) =>
        cluster.apply<Widget>(widgets, { ...one, status: { ...status } }, { manager, subresource: 'status' });
      await tell({ phase: 'New', conditions: [condition('Ready', 'False'), condition('Stalled', 'True')] }, 'suite');
      await tell({ conditions: [condition('Theirs', 'True')] }, 'another');
      const told = await tell({ conditions: [condition('Ready', 'True')] }, 'suite');
      assert.ok(!('phase' in told.status!));
      assert.deepEqual(sorted(told.status?.conditions), [condition('Ready', 'True'), condition('Theirs', 'True')]);
    });

    check('counts a generation for each new intent, and for nothing else', async ({ cluster, namespace, widgets }) => {
      const at = { namespace, name: 'one' };
      await cluster.create(widgets, widget(widgets, namespace, 'one', { size: 1 }));
      const generation = async (patch: object) => (await cluster.merge(widgets, at, patch)).metadata.generation;
      assert.equal(await generation({ metadata: { labels: { a: '1' } } }), 1);
      assert.equal(await generation({ metadata: { annotations: { a: '1' } } }), 1);
      assert.equal(await generation({ spec: { size: 1 } }), 1);
      assert.equal(await generation({ spec: { size: 2 } }), 2);
    });

    check('lists by namespace and by labels', async ({ cluster, namespace, otherNamespace, widgets }) => {
      const put = (name: string, labels: Record<string, string>, where = namespace) =>
        cluster.create(widgets, { ...widget(widgets, where, name, {}), metadata: { namespace: where, name, labels } });
      await put('one', { suite: namespace, tier: 'a' });
      await put('two', { suite: namespace, tier: 'b' });
      await put('three', { suite: namespace });
      await put('four', { suite: namespace, tier: 'a' }, otherNamespace);
      const cases: readonly (readonly [selector: string, names: readonly string[]])[] = [
        ['', ['one', 'three', 'two']],
        ['tier=a', ['one']],
        ['tier==a', ['one']],
        ['tier!=a', ['three', 'two']],
        ['tier in (a, b)', ['one', 'two']],
        ['tier notin (a)', ['three', 'two']],
        ['tier', ['one', 'two']],
        ['!tier', ['three']],
        [`suite=${namespace},tier in (b,c)`, ['two']],
        ['tier=c', []],
      ];
      for (const [labelSelector, names] of cases) {
        const { items } = await cluster.list(widgets, { namespace, labelSelector });
        assert.deepEqual(items.map(({ metadata }) => metadata.name).sort(), names, labelSelector);
        for (const { apiVersion, kind } of items) {
          assert.deepEqual([apiVersion, kind], [widgets.apiVersion, widgets.kind]);
        }
      }
      const everywhere = await cluster.list(widgets, { labelSelector: `suite=${namespace}` });
      assert.equal(everywhere.items.length, 4);
      assert.deepEqual(
        everywhere.items.find(({ metadata }) => metadata.name === 'four'),
        await cluster.get(widgets, { namespace: otherNamespace, name: 'four' }),
      );
      await rejects(cluster.list(widgets, { namespace, labelSelector: '= =' }), 'invalid');
      await rejects(cluster.list(nothing, { namespace }), 'not-found');
    });

    check('lists page by page', async ({ cluster, namespace }) => {
      const names = Array.from({ length: 7 }, (_, index) => `map-${index}`);
      const labels = { suite: 'pages' };
      await Promise.all(
        names.map((name) =>
          cluster.apply(configMaps, { ...configMap(namespace, name, {}), metadata: { namespace, name, labels } }, ours),
        ),
      );
      const found: string[] = [];
      const versions = new Set<string>();
      const sizes: number[] = [];
      let next: string | undefined;
      do {
        const more = next === undefined ? {} : { continue: next };
        const page = await cluster.list(configMaps, { namespace, labelSelector: 'suite=pages', limit: 3, ...more });
        found.push(...page.items.map(({ metadata }) => metadata.name));
        versions.add(page.resourceVersion);
        sizes.push(page.items.length);
        next = page.continue;
        if (sizes.length === 1) await cluster.create(configMaps, configMap(namespace, 'late', {}));
      } while (next !== undefined);
      assert.deepEqual(found.sort(), names);
      assert.deepEqual(sizes, [3, 3, 1]);
      assert.equal(versions.size, 1);
    });

    check('watches what happens after a list, in order', async ({ cluster, namespace, otherNamespace, widgets }) => {
      await cluster.create(widgets, widget(widgets, namespace, 'before', {}));
      const { resourceVersion, items } = await cluster.list(widgets, { namespace });
      assert.equal(items.length, 1);
      await cluster.create(widgets, widget(widgets, namespace, 'early', {}));
      const watch = startWatch<Widget>(cluster, widgets, { namespace, resourceVersion, timeoutSeconds: 60 });
      const one = await cluster.create(widgets, widget(widgets, namespace, 'one', { size: 1 }));
      await cluster.create(widgets, widget(widgets, otherNamespace, 'elsewhere', {}));
      const changed = await cluster.merge<Widget>(widgets, keyOf(one), { spec: { size: 2 } });
      await cluster.merge<Widget>(widgets, keyOf(one), { spec: { size: 2 } });
      await cluster.delete(widgets, keyOf(one));
      await eventually(async () => watch.objects().length >= 4);
      const events = watch.objects();
      assert.deepEqual(
        events.map(({ type, object }) => [type, object.metadata.name]),
        [
          ['added', 'early'],
          ['added', 'one'],
          ['modified', 'one'],
          ['deleted', 'one'],
        ],
      );
      assert.deepEqual(events[1]!.object, one);
      assert.deepEqual(events[2]!.object, changed);
      assert.deepEqual(events[3]!.object.spec, { size: 2 });
      assert.equal(events[3]!.object.metadata.uid, one.metadata.uid);
      assert.notEqual(events[3]!.object.metadata.resourceVersion, changed.metadata.resourceVersion);
      const reason = new Error('enough');
      watch.stop(reason);
      await assert.rejects(watch.ended, (error) => error === reason);
      const later = startWatch<Widget>(cluster, widgets, {
        namespace,
        resourceVersion: events[2]!.object.metadata.resourceVersion!,
        timeoutSeconds: 60,
      });
      await eventually(async () => later.objects().length > 0);
      assert.deepEqual(later.objects()[0], events[3]);
      later.stop(reason);
      await assert.rejects(later.ended, (error) => error === reason);
    });

    check('watches by labels: who no longer fits is deleted', async ({ cluster, namespace }) => {
      const { resourceVersion } = await cluster.list(configMaps, { namespace });
      const watch = startWatch(cluster, configMaps, {
        namespace,
        labelSelector: 'watched=yes',
        resourceVersion,
        timeoutSeconds: 60,
      });
      const map = await cluster.create(configMaps, configMap(namespace, 'one', {}));
      const mark = (watched: string | null) =>
        cluster.merge(configMaps, keyOf(map), { metadata: { labels: { watched } } });
      await mark('yes');
      await mark('no');
      await mark('yes');
      await mark(null);
      await cluster.delete(configMaps, keyOf(map));
      const other = configMap(namespace, 'two', {});
      await cluster.create(configMaps, { ...other, metadata: { ...other.metadata, labels: { watched: 'yes' } } });
      await eventually(async () => watch.objects().length >= 5);
      assert.deepEqual(
        watch.objects().map(({ type, object }) => `${type} ${object.metadata.name}`),
        ['added one', 'deleted one', 'added one', 'deleted one', 'added two'],
      );
      watch.stop(new Error('enough'));
      await assert.rejects(watch.ended, /enough/);
    });

    check('ends a watch when its time is over, with a bookmark to go on from', async (open) => {
      const { cluster, namespace, otherNamespace, widgets } = open;
      const { resourceVersion } = await cluster.list(widgets, { namespace });
      let bookmark: { readonly resourceVersion: string } | undefined;
      // API servers promise no bookmark in a given watch; one of a few brings it.
      for (let tries = 1; tries <= 3 && !bookmark; tries++) {
        const watch = startWatch(cluster, widgets, { namespace, resourceVersion, timeoutSeconds: 6 });
        // Something that this watch does not see: only the bookmark takes it past that.
        await cluster.create(widgets, widget(widgets, otherNamespace, `elsewhere-${tries}`, {}));
        await watch.ended;
        bookmark = watch.events.findLast((event) => event.type === 'bookmark');
      }
      assert.ok(bookmark && bookmark.resourceVersion !== resourceVersion);
      const next = startWatch(cluster, widgets, {
        namespace,
        resourceVersion: bookmark.resourceVersion,
        timeoutSeconds: 60,
      });
      await cluster.create(widgets, widget(widgets, namespace, 'one', {}));
      await eventually(async () => next.objects().length > 0);
      assert.equal(next.objects()[0]!.type, 'added');
      next.stop(new Error('enough'));
      await assert.rejects(next.ended, /enough/);
    });

    check('does not watch from what is too old, or of no kind', async ({ cluster, namespace, widgets, oldVersion }) => {
      await cluster.create(widgets, widget(widgets, namespace, 'one', {}));
      const resourceVersion = await oldVersion();
      const watch = startWatch(cluster, widgets, { namespace, resourceVersion, timeoutSeconds: 60 });
      await rejects(watch.ended, 'gone');
      assert.deepEqual(watch.events, []);
      const none = startWatch(cluster, nothing, { namespace, resourceVersion, timeoutSeconds: 60 });
      await rejects(none.ended, 'not-found');
    });

    check('knows which kinds are served, and its version', async ({ cluster, widgets }) => {
      for (const kind of [widgets, configMaps, deployments]) assert.equal(await cluster.serves(kind), true);
      for (const kind of [nothing, { ...deployments, plural: 'unheardofs' }]) {
        assert.equal(await cluster.serves(kind), false);
      }
      const { major, minor } = await cluster.version();
      assert.equal(major, 1);
      assert.ok(Number.isInteger(minor) && minor > 20);
    });

    check('does nothing for a signal that is aborted', async ({ cluster, namespace, widgets }) => {
      const reason = new Error('too late');
      const signal = AbortSignal.abort(reason);
      const at = { namespace, name: 'one' };
      const map = configMap(namespace, 'one', {});
      const calls: readonly Promise<unknown>[] = [
        cluster.get(configMaps, at, { signal }),
        cluster.list(configMaps, { namespace, signal }),
        cluster.watch(configMaps, { namespace, resourceVersion: '1', timeoutSeconds: 1, signal }, () => {}),
        cluster.apply(configMaps, map, { ...ours, signal }),
        cluster.create(configMaps, map, { signal }),
        cluster.replace(configMaps, map, { signal }),
        cluster.merge(configMaps, at, {}, { signal }),
        cluster.delete(configMaps, { ...at, uid: 'x' }, { signal }),
        cluster.serves(widgets, { signal }),
        cluster.version({ signal }),
      ];
      for (const outcome of await Promise.allSettled(calls)) {
        assert.equal(outcome.status, 'rejected');
        assert.equal((outcome as PromiseRejectedResult).reason, reason);
      }
      assert.equal(await cluster.get(configMaps, at), undefined);
    });

    check('does many things at once', async ({ cluster, namespace }) => {
      const names = Array.from({ length: 40 }, (_, index) => `map-${index}`);
      await Promise.all(names.map((name) => cluster.apply(configMaps, configMap(namespace, name, { name }), ours)));
      const found = await Promise.all(names.map((name) => cluster.get<ConfigMap>(configMaps, { namespace, name })));
      assert.deepEqual(
        found.map((map) => map?.data?.name),
        names,
      );
    });
  });
}

async function rejects(promise: Promise<unknown>, code: ClusterErrorCode, message = /\w/): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof ClusterError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
}

/** For what happens by and by. */
async function eventually(isSo: () => Promise<boolean>, withinMs = 20_000): Promise<void> {
  for (let waited = 0; waited < withinMs; waited += 50) {
    if (await isSo()) return;
    await sleep(systemClock, 50);
  }
  assert.fail(`it has not come to pass in ${withinMs / 1000} s`);
}

function startWatch<T extends KubeObject>(cluster: Cluster, kind: Kind, options: WatchOptions) {
  const controller = new AbortController();
  const events: WatchEvent<T>[] = [];
  const ended = cluster.watch<T>(kind, { ...options, signal: controller.signal }, (event) => events.push(event));
  ended.catch(() => {});
  return {
    events,
    ended,
    /** Without bookmarks. */
    objects: () => events.filter((event) => event.type !== 'bookmark'),
    stop: (reason: Error) => controller.abort(reason),
  };
}

function keyOf({ metadata }: KubeObject): ObjectKey & { readonly uid: string } {
  return { namespace: metadata.namespace!, name: metadata.name, uid: metadata.uid! };
}

function referenceTo({ apiVersion, kind, metadata }: KubeObject) {
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid!, controller: true, blockOwnerDeletion: true };
}

function configMap(namespace: string, name: string, data: Readonly<Record<string, string>>): ConfigMap {
  return { apiVersion: configMaps.apiVersion, kind: configMaps.kind, metadata: { namespace, name }, data };
}

function widget(kind: Kind, namespace: string, name: string, spec: object): Widget {
  return { apiVersion: kind.apiVersion, kind: kind.kind, metadata: { namespace, name }, spec: { ...spec } };
}

function deployment(
  namespace: string,
  name: string,
  replicas: number | undefined,
  containers: readonly Container[],
): Deployment {
  const labels = { app: name };
  const spec = {
    ...(replicas === undefined ? {} : { replicas }),
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers } },
  };
  return { apiVersion: deployments.apiVersion, kind: deployments.kind, metadata: { namespace, name }, spec };
}

function condition(type: string, status: 'True' | 'False') {
  return { type, status, reason: 'Suite', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' };
}

/** In an order that does not depend on whose they are. */
function sorted(list: unknown): unknown[] {
  return (list as unknown[]).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
