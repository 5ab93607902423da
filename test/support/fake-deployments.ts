import { deployments, pods as podKind } from '../../src/operator/cluster/kinds.ts';
import type { KubeObject } from '../../src/operator/cluster/kube-object.ts';
import type { Deployment } from '../../src/operator/reconcile/snapshot.ts';
import type { FakeCluster } from './fake-cluster.ts';

interface Template {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
}
type WithSpec = Deployment & {
  readonly spec: { readonly replicas: number; readonly paused?: boolean; readonly template: Template };
};

/**
 * What Deployments' controller, the scheduler and a node do, in one: as many pods as wanted, of the template that is wanted,
 * ready at once, at addresses where `FakeModels` answers.
 */
export class FakeDeployments {
  readonly #cluster: FakeCluster;
  /** Called for each new pod, so that it can be said what its server tells. */
  readonly #onPod: (host: string) => void;
  readonly #stopped = new AbortController();
  #running: Promise<void> | undefined;
  #count = 0;

  constructor(cluster: FakeCluster, onPod: (host: string) => void) {
    this.#cluster = cluster;
    this.#onPod = onPod;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new Error('stopped'));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    const { items, resourceVersion } = await this.#cluster.list<WithSpec>(deployments, {});
    for (const item of items) await this.#settle(item);
    let line = Promise.resolve();
    await this.#cluster
      .watch<WithSpec>(deployments, { resourceVersion, timeoutSeconds: 3600, signal }, (event) => {
        if (event.type === 'added' || event.type === 'modified') {
          const { name, namespace } = event.object.metadata;
          line = line.then(async () => {
            const current = await this.#cluster.get<WithSpec>(deployments, { name, namespace: namespace! });
            if (current) await this.#settle(current);
          });
        }
      })
      .catch(() => {});
    await line;
  }

  async #settle(deployment: WithSpec): Promise<void> {
    const { metadata, spec, status } = deployment;
    if (status?.observedGeneration === metadata.generation || spec.paused) return;
    const namespace = metadata.namespace!;
    const { items } = await this.#cluster.list<KubeObject>(podKind, { namespace });
    const mine = items.filter(({ metadata: { ownerReferences } }) =>
      ownerReferences?.some(({ uid }) => uid === metadata.uid),
    );
    const wanted = JSON.stringify(spec.template.metadata.labels);
    const current = mine.filter((pod) => JSON.stringify(pod.metadata.labels) === wanted);
    for (let i = current.length; i < spec.replicas; i++) await this.#createPod(deployment);
    const surplus = [...mine.filter((pod) => !current.includes(pod)), ...current.slice(spec.replicas)];
    for (const pod of surplus) this.#cluster.remove(podKind, { namespace, name: pod.metadata.name });
    const counts = ['replicas', 'readyReplicas', 'availableReplicas', 'updatedReplicas'];
    await this.#cluster.apply(
      deployments,
      {
        apiVersion: deployments.apiVersion,
        kind: deployments.kind,
        metadata: { name: metadata.name, namespace },
        status: {
          observedGeneration: metadata.generation,
          ...Object.fromEntries(counts.map((field) => [field, spec.replicas])),
        },
      } as KubeObject,
      { manager: 'deployment-controller', subresource: 'status' },
    );
  }

  async #createPod({ metadata, spec }: WithSpec): Promise<void> {
    const number = ++this.#count;
    const host = `10.1.${number >> 8}.${number & 255}`;
    this.#onPod(host);
    await this.#cluster.create(podKind, {
      apiVersion: podKind.apiVersion,
      kind: podKind.kind,
      metadata: {
        name: `${metadata.name}-${number}`,
        namespace: metadata.namespace!,
        labels: spec.template.metadata.labels,
        ownerReferences: [
          { apiVersion: 'apps/v1', kind: 'Deployment', name: metadata.name, uid: metadata.uid!, controller: true },
        ],
      },
    } as KubeObject);
    await this.#cluster.apply(
      podKind,
      {
        apiVersion: podKind.apiVersion,
        kind: podKind.kind,
        metadata: { name: `${metadata.name}-${number}`, namespace: metadata.namespace! },
        status: { phase: 'Running', podIP: host, conditions: [{ type: 'Ready', status: 'True' }] },
      } as KubeObject,
      { manager: 'kubelet', subresource: 'status' },
    );
  }
}
