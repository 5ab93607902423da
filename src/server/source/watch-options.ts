import type { Clock } from '../../shared/clock.ts';
import type { Logger } from '../../shared/log.ts';

export interface WatchOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** `auto` looks at intervals and listens to file events besides: network file systems have none. */
  readonly mode: 'auto' | 'events' | 'poll';
  /** Milliseconds between two looks; 0: only the first look is taken. */
  readonly pollMs: number;
  /** Milliseconds for which a version's files must have stayed the same before it counts. */
  readonly settleMs: number;
  /** A file without which a version does not count; with it, it counts at once. */
  readonly completionMarker?: string | undefined;
}
