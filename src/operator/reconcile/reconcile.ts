import type { Clock } from '../../shared/clock.ts';
import { configRevision } from '../../shared/config-revision.ts';
import type { Logger } from '../../shared/log.ts';
import type { Tracer } from '../../shared/span.ts';
import type { ModelServer } from '../api/model-server.ts';
import type { Cluster, ObjectKey } from '../cluster/cluster.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import { deployments, modelServers } from '../cluster/kinds.ts';
import type { Kind } from '../cluster/kube-object.ts';
import { objectKey, toKey } from '../cluster/object-key.ts';
import { children } from '../desired/children.ts';
import { keptTemplate } from '../desired/kept-template.ts';
import { wantsPodMonitor } from '../desired/pod-monitor.ts';
import { type PodTemplate, podTemplate } from '../desired/pod-template.ts';
import { askedPort } from '../desired/ports.ts';
import type { ModelStatusSource } from '../models/model-status-source.ts';
import type { Announce } from './announce.ts';
import { type AppliedChildren, applyChildren } from './apply-children.ts';
import { PodInquiry } from './ask-pods.ts';
import type { Caches } from './caches.ts';
import { capabilityProbe } from './capabilities.ts';
import { ChildMemory } from './child-memory.ts';
import { gatherPrerequisites, type Prerequisites } from './gather.ts';
import { type Hold, holdOf, holds, pauseDeployment, pausedOwner } from './hold.ts';
import { lostImageVolumes } from './image-volumes.ts';
import { judge } from './judge.ts';
import { ownershipOf } from './ownership.ts';
import { Pace } from './pace.ts';
import { type PodFacts, podFacts } from './pod-facts.ts';
import type { Deployment, Snapshot } from './snapshot.ts';
import { statusOf } from './status.ts';
import { StatusWriter } from './status-writer.ts';
import { ignorantPods, tellPods } from './tell-pods.ts';
import { tracedCluster, tracedModels } from './traced.ts';
import { UpgradeTurns } from './upgrade-turns.ts';
import { Written } from './written.ts';

export interface ReconcileOptions {
  readonly cluster: Cluster;
  readonly caches: Caches;
  readonly models: ModelStatusSource;
  readonly announce: Announce;
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly wallTime: () => number;
  readonly tracer: Tracer | undefined;
  /** The server's image where the resource names none. */
  readonly serverImage: string;
  readonly operatorNamespace: string;
  readonly clusterDomain: string;
  readonly allowHostPath: boolean;
  /** Whether pods may be told of a new config. */
  readonly patchPods: boolean;
  /** What renders the pods; tests put another version's in its place. */
  readonly render?: typeof podTemplate;
}

/** `after`: look again so many milliseconds from now. */
export type Outcome = { readonly kind: 'done' } | { readonly kind: 'after'; readonly ms: number };

export interface ReconcileCall {
  readonly signal: AbortSignal;
  /** Names this run in the log and in traces. */
  readonly id: string;
  /** Its lines name the object and the run. */
  readonly log: Logger;
}

/** What one reconcile goes by. */
interface Look {
  readonly cluster: Cluster;
  readonly models: ModelStatusSource;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** While garbage collection has not taken what a deleted namesake left. */
const garbageMs = 1_000;

/**
 * Brings one ModelServer's children to what it says, and its status to what is: gather, apply, ask, judge, tell. It knows no
 * events, only facts, so it may be stopped anywhere and begun again.
 */
export class ModelServerReconciler {
  readonly #options: ReconcileOptions;
  readonly #inquiry: PodInquiry;
  readonly #capabilities: ReturnType<typeof capabilityProbe>;
  readonly #memory: ChildMemory;
  readonly #statuses: StatusWriter;
  readonly #pace = new Pace();
  readonly #upgrades = new UpgradeTurns();
  /** To be told of each event of what is watched, by `objectKey`. */
  readonly written = new Written();

  constructor(options: ReconcileOptions) {
    this.#options = options;
    this.#inquiry = new PodInquiry(options.clock);
    this.#memory = new ChildMemory(options.clock);
    this.#statuses = new StatusWriter(this.written, options.announce);
    this.#capabilities = capabilityProbe(options.cluster, options.clock);
  }

  /** @throws what may pass; to be tried again later */
  async reconcile(at: ObjectKey, call: ReconcileCall): Promise<Outcome> {
    const { caches, tracer } = this.#options;
    const cached = caches.resource(at);
    if (!cached || cached.metadata.deletionTimestamp) {
      this.#memory.forgetOwner(toKey(at));
      this.#statuses.forget(at);
      this.#pace.forget(toKey(at));
      this.#upgrades.end(toKey(at));
      return { kind: 'done' };
    }
    const resource = this.written.read(objectKey(modelServers, at), cached)!;
    const { namespace, name, generation } = resource.metadata;
    const span = tracer?.tentative('reconcile ModelServer', {
      'k8s.namespace.name': namespace!,
      'modelserver.name': name,
      'modelserver.generation': generation!,
      'modelserver.reconcile_id': call.id,
    });
    const log = call.log.child({ generation });
    let hasWritten = false;
    const cluster = tracedCluster(this.#options.cluster, span, () => {
      hasWritten = true;
    });
    const models = tracedModels(this.#options.models, span);
    const run = async () => {
      try {
        const look = { cluster, models, signal: call.signal, log };
        const outcome = await this.#run(resource, cached.metadata.resourceVersion, look);
        span?.set({ 'modelserver.reconcile_result': outcome.kind });
        // Of the looks that find all as it was, every other second for each ModelServer, nobody wants to read.
        if (hasWritten) span?.end();
        else span?.discard();
        return outcome;
      } catch (error) {
        span?.end(error);
        if (!(error instanceof ClusterError && error.code === 'terminating')) throw error;
        log.debug('The namespace is being deleted, and the ModelServer with it');
        return { kind: 'done' } as const;
      }
    };
    return span ? span.run(run) : run();
  }

  async #run(
    resource: ModelServer,
    seen: string | undefined,
    { cluster, models, signal, log }: Look,
  ): Promise<Outcome> {
    const { caches, wallTime, clusterDomain, allowHostPath } = this.#options;
    const { namespace, name } = resource.metadata;
    const capabilities = await this.#capabilities(signal);
    const prerequisites = await gatherPrerequisites(resource, cluster, { caches, allowHostPath, capabilities }, signal);
    const hold = holdOf(resource);
    const isApplied = !hold && !prerequisites.obstacle?.stops;
    const pods = this.#template(resource, isApplied);
    const revision = configRevision(prerequisites.config ?? '');
    const owner = hold === 'Paused' ? pausedOwner(resource, this.#liveDeployment(resource)) : resource;
    const applied = await this.#apply(owner, pods, prerequisites, hold, cluster, capabilities.podMonitors, signal);
    const facts = caches.pods({ namespace: namespace!, name }).flatMap((pod) => podFacts(pod, wallTime()) ?? []);
    if (isApplied) await this.#tell(facts, resource, revision, cluster, log, signal);
    const modelNames = prerequisites.models.map((model) => model.name);
    const answers = await this.#inquiry.ask(models, facts, askedPort(owner.spec.server), modelNames, signal);

    const deployment = deploymentOf(resource, applied);
    const snapshot: Snapshot = {
      resource,
      revision: pods.revision,
      // What the pods have, or are about to: what is held does not reach them.
      configRevision: isApplied ? revision : (resource.status?.configRevision ?? revision),
      models: prerequisites.models,
      deployment,
      pods: facts,
      answers,
      obstacle: prerequisites.obstacle ?? applied.obstacle ?? lostImageVolumes(pods, deployment),
      hold,
      isBehind: applied.isBehind,
      isWaitingForGarbage: applied.isWaitingForGarbage,
      lacksPodMonitors: wantsPodMonitor(resource) && !capabilities.podMonitors,
      clusterDomain,
      now: wallTime(),
    };
    const verdict = judge(snapshot);
    await this.#statuses.write(resource, statusOf(snapshot, verdict), { cluster, log, signal, seen });
    if (verdict.kind === 'serving' || verdict.kind === 'held') this.#upgrades.end(toKey(resource.metadata));
    const questions = { pods: answers.size, models: modelNames.length };
    const next = this.#pace.next(toKey(resource.metadata), verdict.kind, questions, caches.size());
    return { kind: 'after', ms: applied.isWaitingForGarbage ? Math.min(garbageMs, next) : next };
  }

  /** That of before, unless the resource asks for other pods; or the operator does, and it is this one's turn. */
  #template(resource: ModelServer, mayReplace: boolean): PodTemplate {
    const { caches, serverImage, render = podTemplate } = this.#options;
    const rendered = render(resource, resource.spec.image ?? serverImage);
    const mayUpgrade = () =>
      mayReplace && this.#upgrades.take(toKey(resource.metadata), wasServing(resource), caches.size());
    return keptTemplate(rendered, this.#liveDeployment(resource)?.metadata.annotations, mayUpgrade);
  }

  async #apply(
    owner: ModelServer,
    pods: PodTemplate,
    { config, obstacle }: Prerequisites,
    hold: Hold | undefined,
    cluster: Cluster,
    podMonitors: boolean,
    signal: AbortSignal,
  ): Promise<AppliedChildren> {
    const { caches, operatorNamespace } = this.#options;
    const surroundings = { operatorNamespace, podMonitors };
    const wanted = children(owner, { pods, config: config ?? '' }, surroundings);
    const mayTouch = (kind: Kind) => !obstacle?.stops && !holds(hold, kind);
    const dependencies = { cluster, caches, written: this.written, memory: this.#memory };
    const applied = await applyChildren(owner, wanted, mayTouch, dependencies, signal);
    if (hold === 'Paused') await pauseDeployment(owner, deploymentOf(owner, applied), cluster, signal);
    return applied;
  }

  /** The one of the resource, if there is one. */
  #liveDeployment(resource: ModelServer): Deployment | undefined {
    const cached = this.#options.caches.child(deployments, resource.metadata);
    const live = this.written.read(objectKey(deployments, resource.metadata), cached);
    return live && ownershipOf(live, resource) === 'ours' ? (live as Deployment) : undefined;
  }

  async #tell(
    facts: readonly PodFacts[],
    { metadata, status }: ModelServer,
    configRevision: string,
    cluster: Cluster,
    log: Logger,
    signal: AbortSignal,
  ): Promise<void> {
    if (!this.#options.patchPods) return;
    const ignorant = ignorantPods(facts, status?.configRevision, configRevision);
    await tellPods(ignorant, metadata.namespace!, configRevision, { cluster, log, signal });
  }
}

function deploymentOf({ metadata }: ModelServer, { live }: AppliedChildren): Deployment | undefined {
  return live.get(objectKey(deployments, metadata)) as Deployment | undefined;
}

/** When it was last looked at. */
function wasServing({ status }: ModelServer): boolean {
  return status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false;
}
