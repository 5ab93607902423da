import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../../shared/clock.ts';
import type { Logger } from '../../shared/log.ts';
import { Turns } from '../../shared/turns.ts';
import { type BucketPath, readBucketPath } from '../model/bucket-path.ts';
import type { VersionFolders } from '../source/version-folders.ts';
import { BucketFolders } from './bucket-folders.ts';
import { LocalCopies } from './local-copies.ts';
import type { ObjectStore } from './object-store.ts';

/** How many objects are copied at a time, of all models together. */
const mostCopies = 8;

export interface BucketsOptions {
  /** Where local copies are kept. */
  readonly cacheDir: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Opens a bucket. Called when it is looked at for the first time, and again if that failed. */
  readonly openStore: (path: BucketPath) => Promise<ObjectStore>;
}

export interface Buckets {
  /** The folders of a base path that `readBucketPath` takes. */
  open(basePath: string): VersionFolders;
  /** Ends what is under way; copies stay for the next start. */
  close(): Promise<void>;
}

/** The object stores that base paths name. */
export function openBuckets({ cacheDir, clock, log, openStore }: BucketsOptions): Buckets {
  const copies = new LocalCopies(log);
  const turns = new Turns(mostCopies);
  const opened = new Map<string, Promise<ObjectStore>>();
  const storeOf = (path: BucketPath) => {
    const key = JSON.stringify([path.cloud, path.host, path.bucket]);
    const store = opened.get(key) ?? openStore(path);
    opened.set(key, store);
    store.catch(() => opened.delete(key));
    return store;
  };
  return {
    open(basePath) {
      const path = readBucketPath(basePath);
      if (typeof path === 'string') throw new Error(path);
      const { prefix } = path;
      const home = join(cacheDir, homeName(path));
      return new BucketFolders({ basePath, prefix, store: () => storeOf(path), home, copies, turns, clock, log });
    },
    async close() {
      await copies.close();
      for (const store of opened.values()) await store.then((open) => open.close()).catch(() => {});
    },
  };
}

/** The same for every way to write the same base path. */
function homeName({ cloud, host = '', bucket, prefix }: BucketPath): string {
  const text = JSON.stringify([cloud, host, bucket, prefix]);
  return `${cloud}-${bucket}-${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
}
