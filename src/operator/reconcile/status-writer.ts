import { canonicalJson, contentHash } from '../../shared/content-hash.ts';
import type { Logger } from '../../shared/log.ts';
import type { ModelServer, ModelServerStatus } from '../api/model-server.ts';
import { fieldManager } from '../api/names.ts';
import type { Cluster, ObjectKey } from '../cluster/cluster.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import { modelServers } from '../cluster/kinds.ts';
import type { KubeObject } from '../cluster/kube-object.ts';
import { objectKey } from '../cluster/object-key.ts';
import { type Announce, announcements } from './announce.ts';
import type { Written } from './written.ts';

export interface StatusCall {
  readonly cluster: Cluster;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** The resource version that the cache has. */
  readonly seen: string | undefined;
}

/** Writes the status of ModelServers, as a whole and only where it says something new, and tells what is news in it. */
export class StatusWriter {
  readonly #written: Written;
  readonly #announce: Announce;
  /**
   * By resource: what was applied and what was there, where applying it changed nothing though the two are not the same. Others
   * have written into the status, and what they own stays.
   */
  readonly #idle = new Map<string, string>();

  constructor(written: Written, announce: Announce) {
    this.#written = written;
    this.#announce = announce;
  }

  async write(resource: ModelServer, status: ModelServerStatus, call: StatusCall): Promise<void> {
    const { cluster, log, signal, seen } = call;
    if (canonicalJson(status) === canonicalJson(resource.status)) return;
    const { apiVersion, kind, metadata } = resource;
    const { name, namespace, uid, resourceVersion } = metadata;
    const key = objectKey(modelServers, metadata);
    const both = contentHash([status, resource.status]);
    if (this.#idle.get(key) === both) return;
    // Of a namesake that was made meanwhile, the API server would take the status by the uid alone; not by the version.
    const object = { apiVersion, kind, metadata: { name, namespace, uid, resourceVersion }, status } as KubeObject;
    try {
      const result = await this.#written.record(key, seen, () =>
        cluster.apply(modelServers, object, { manager: fieldManager, subresource: 'status', signal }),
      );
      if (result.metadata.resourceVersion === resourceVersion) this.#idle.set(key, both);
      else this.#idle.delete(key);
    } catch (error) {
      if (!(error instanceof ClusterError && error.code === 'not-found')) throw error;
      log.debug('The ModelServer has been deleted meanwhile');
      return;
    }
    for (const announcement of announcements(resource.status, status)) {
      log.info({ reason: announcement.reason, note: announcement.note }, 'The status has changed');
      this.#announce(resource, announcement);
    }
  }

  /** The resource is gone. */
  forget(at: ObjectKey): void {
    this.#idle.delete(objectKey(modelServers, at));
  }
}
