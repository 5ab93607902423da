import type { Logger } from '../../shared/log.ts';
import type { KubeObject } from '../cluster/kube-object.ts';
import type { Reflector } from '../runtime/reflector.ts';

export interface ScopeOptions {
  /** Undefined for all of them. */
  readonly namespace: string | undefined;
  /** Of the ModelServers. */
  readonly resources: Reflector<KubeObject>;
  /** Of all else. */
  readonly others: readonly Reflector<KubeObject>[];
  readonly log: Logger;
}

/** All that is watched in one namespace, or in all of them together. What is there may be acted on once all of it is known. */
export class Scope {
  readonly namespace: string | undefined;
  readonly reflectors: readonly Reflector<KubeObject>[];
  readonly #resources: Reflector<KubeObject>;
  readonly #log: Logger;

  constructor({ namespace, resources, others, log }: ScopeOptions) {
    this.namespace = namespace;
    this.reflectors = [resources, ...others];
    this.#resources = resources;
    this.#log = log.child({ watchedNamespace: namespace });
  }

  /** Whether all is known that there is. */
  get hasSynced(): boolean {
    return this.reflectors.every((reflector) => reflector.hasSynced);
  }

  /** What the API server says where it refuses to tell some of it, now; undefined where it refuses nothing. */
  get refusal(): string | undefined {
    return this.reflectors.find(({ refusal }) => refusal !== undefined)?.refusal;
  }

  /** Whether the API server has told all of it, or refused to. */
  get isAnswered(): boolean {
    return this.reflectors.every(({ hasSynced, refusal }) => hasSynced || refusal !== undefined);
  }

  /** Whether the API server knows ModelServers; true until it was asked. */
  get isServed(): boolean {
    return this.#resources.served !== false;
  }

  /**
   * Begins to watch.
   * @param onSynced called once all is known, however long after the start that is
   * @returns resolves once it is known, or refused; rejects if stopped before
   */
  async start(onSynced: () => void): Promise<void> {
    for (const reflector of this.reflectors) reflector.start();
    let wasRefused = false;
    Promise.all(this.reflectors.map((reflector) => reflector.synced)).then(
      () => {
        if (wasRefused) this.#log.info('The rights have come: what is here is looked after now');
        onSynced();
      },
      () => {},
    );
    await Promise.all(this.reflectors.map((reflector) => reflector.answered));
    if (this.hasSynced) return;
    wasRefused = true;
    this.#log.warn({ refusal: this.refusal }, 'Rights are missing: nothing here is looked after until they come');
  }

  async stop(): Promise<void> {
    await Promise.all(this.reflectors.map((reflector) => reflector.stop()));
  }
}
