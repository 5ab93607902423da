import type { Clock } from '../../shared/clock.ts';
import type { Logger } from '../../shared/log.ts';

export interface WatchOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** `auto` looks at intervals and listens to file events besides: network file systems have none. */
  readonly mode: 'auto' | 'events' | 'poll';
  /** Milliseconds between two looks; 0: after the first, nothing is looked at but what was just being written. */
  readonly pollMs: number;
  /** Milliseconds for which a version's files must have stayed the same before it counts. */
  readonly settleMs: number;
  /** A file without which a version does not count; when it appears, or is a new one, the version counts at once. */
  readonly completionMarker?: string | undefined;
}
