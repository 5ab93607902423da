import type { ModelServer } from '../../src/operator/api/model-server.ts';
import type { Cluster } from '../../src/operator/cluster/cluster.ts';
import { modelServers, persistentVolumeClaims } from '../../src/operator/cluster/kinds.ts';
import type { Kind, KubeObject } from '../../src/operator/cluster/kube-object.ts';
import {
  ModelServerController,
  type ModelServerControllerOptions,
} from '../../src/operator/controller/model-server-controller.ts';
import type { Announcement } from '../../src/operator/reconcile/announce.ts';
import { systemClock, wallTime } from '../../src/shared/clock.ts';
import { captureLog } from './captured-log.ts';
import { FakeCluster } from './fake-cluster.ts';
import { FakeDeployments } from './fake-deployments.ts';
import { FakeModels } from './fake-models.ts';
import { newModelServer } from './model-server.ts';

export const namespace = 'ns';
export const at = (name: string) => ({ namespace, name });

type Parts = 'cluster' | 'models' | 'announce' | 'log';

/** An operator's controller at work in this process, knowing all there is. */
export async function startController(
  parts: Pick<ModelServerControllerOptions, Parts> & Partial<ModelServerControllerOptions>,
): Promise<ModelServerController> {
  const controller = new ModelServerController({
    clock: systemClock,
    wallTime,
    tracer: undefined,
    namespaces: [],
    workers: 4,
    serverImage: 'localhost/modelserver:1',
    operatorNamespace: 'modelserver-system',
    clusterDomain: 'cluster.local',
    allowHostPath: false,
    patchPods: true,
    ...parts,
  });
  controller.start();
  await controller.watches.synced();
  controller.act();
  return controller;
}

/** A cluster in memory with an operator on it, and pods whose servers serve version 1 of the model digits. */
export class TestOperator {
  readonly cluster = new FakeCluster();
  readonly models = new FakeModels();
  readonly announced: Announcement[] = [];
  readonly captured = captureLog();
  readonly #deployments: FakeDeployments;
  #controller: ModelServerController | undefined;
  /** The calls of the operator alone, in their order: `apply Service x`. */
  readonly writes: string[] = [];
  /** Called before each write of the operator; what it throws, the write ends with. */
  beforeWrite: (write: string) => void | Promise<void> = () => {};
  /** Called after it: what it throws, the operator gets in place of the answer. */
  afterWrite: (write: string) => void = () => {};

  constructor(answers: (models: FakeModels, host: string) => void = serveDigits) {
    this.#deployments = new FakeDeployments(this.cluster, (host) => answers(this.models, host));
  }

  async start(): Promise<void> {
    await this.cluster.create(persistentVolumeClaims, {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: at('models'),
    });
    this.#deployments.start();
    await this.startOperator();
  }

  /** @param options of another version, or with other settings */
  async startOperator(
    options: Pick<Partial<ModelServerControllerOptions>, 'render' | 'serverImage' | 'tracer'> = {},
  ): Promise<void> {
    this.#controller = await startController({
      cluster: this.#observed(),
      models: this.models,
      announce: (_, announcement) => this.announced.push(announcement),
      log: this.captured.log,
      ...options,
    });
  }

  /** @param graceMs 0 breaks off what is under way */
  async stopOperator(graceMs = 0): Promise<void> {
    await this.#controller?.stopActing(graceMs);
    await this.#controller?.stop();
    this.#controller = undefined;
  }

  async stop(): Promise<void> {
    await this.stopOperator();
    await this.#deployments.stop();
    this.models.close();
  }

  async create(name: string, spec?: object): Promise<ModelServer> {
    return this.cluster.create(modelServers, newModelServer(name, spec));
  }

  /** Merges into the spec, as a user's edit does. */
  async edit(name: string, spec: object): Promise<void> {
    await this.cluster.merge(modelServers, at(name), { spec });
  }

  get<T extends KubeObject & Record<string, never>>(kind: Kind, name: string): Promise<T | undefined> {
    return this.cluster.get<T>(kind, at(name));
  }

  async resource(name: string): Promise<ModelServer> {
    return (await this.cluster.get<ModelServer>(modelServers, at(name)))!;
  }

  /** Waits until the resource is as it should be. @throws after 10 seconds, with what it is */
  async until(name: string, isSo: (resource: ModelServer) => boolean): Promise<ModelServer> {
    return eventually(
      () => this.resource(name),
      (resource) => resource !== undefined && isSo(resource),
    );
  }

  /** The operator's view: the same cluster, with its writes recorded. */
  #observed(): Cluster {
    const { cluster } = this;
    const record = async <T>(write: string, call: () => Promise<T>): Promise<T> => {
      await this.beforeWrite(write);
      this.writes.push(write);
      const result = await call();
      this.afterWrite(write);
      return result;
    };
    return {
      get: cluster.get.bind(cluster),
      list: cluster.list.bind(cluster),
      watch: cluster.watch.bind(cluster),
      serves: cluster.serves.bind(cluster),
      version: cluster.version.bind(cluster),
      apply: (kind, object, options) =>
        record(`apply ${options.subresource ? 'status of ' : ''}${kind.kind} ${object.metadata.name}`, () =>
          cluster.apply(kind, object, options),
        ),
      create: (kind, object, options) =>
        record(`create ${kind.kind} ${object.metadata.name}`, () => cluster.create(kind, object, options)),
      replace: (kind, object, options) =>
        record(`replace ${kind.kind} ${object.metadata.name}`, () => cluster.replace(kind, object, options)),
      merge: (kind, where, patch, options) =>
        record(`merge ${kind.kind} ${where.name}`, () => cluster.merge(kind, where, patch, options)),
      delete: (kind, where, options) =>
        record(`delete ${kind.kind} ${where.name}`, () => cluster.delete(kind, where, options)),
    };
  }
}

export function serveDigits(models: FakeModels, host: string): void {
  models.set({ host, port: 9000 }, 'digits', [{ version: 1, state: 'AVAILABLE' }]);
}

/** Whether it is Ready for this reason. */
export function isReady(resource: ModelServer): boolean {
  return (
    conditionOf(resource, 'Ready')?.status === 'True' &&
    resource.status.observedGeneration === resource.metadata.generation
  );
}

export function conditionOf(resource: ModelServer, type: string) {
  // The fake sets no defaults: a fresh resource has no status at all.
  return (resource as Partial<ModelServer>).status?.conditions?.find((condition) => condition.type === type);
}

/** Asks again until the answer is right. @throws after `ms` milliseconds, with the last answer */
export async function eventually<T>(ask: () => Promise<T>, isRight: (answer: T) => boolean, ms = 10_000): Promise<T> {
  const end = performance.now() + ms;
  for (;;) {
    const answer = await ask();
    if (isRight(answer)) return answer;
    if (performance.now() > end) throw new Error(`not so within ${ms} ms: ${JSON.stringify(answer, undefined, 1)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
