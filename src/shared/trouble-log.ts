import type { DiagLogger } from '@opentelemetry/api';
import type { Clock } from './clock.ts';
import type { Logger } from './log.ts';

/** A collector that is down fails every export, several times a second on a busy server. */
const quietMs = 60_000;

export interface TroubleLog {
  /** What OpenTelemetry says of itself. */
  readonly diag: DiagLogger;
  /** What fails in it. */
  error(error: unknown): void;
  /** From now on, one line a minute: what is said while it starts is about its settings, and all of it matters. */
  limit(): void;
}

/** OpenTelemetry's troubles as lines of the log: as warnings, for the work goes on without it. */
export function troubleLog(log: Logger, clock: Clock): TroubleLog {
  let limited = false;
  let next = Number.NEGATIVE_INFINITY;
  let suppressed = 0;
  const warn = (fields: object, message: string) => {
    if (limited) {
      if (clock.now() < next) {
        suppressed++;
        return;
      }
      next = clock.now() + quietMs;
    }
    log.warn(suppressed > 0 ? { ...fields, suppressed } : fields, message);
    suppressed = 0;
  };
  return {
    diag: {
      error: (...parts) => warn({}, sentence(parts)),
      warn: (...parts) => warn({}, sentence(parts)),
      info: (...parts) => log.info(sentence(parts)),
      debug: (...parts) => log.debug(sentence(parts)),
      verbose: (...parts) => log.trace(sentence(parts)),
    },
    error: (error) => warn({ err: error }, 'OpenTelemetry: an export failed'),
    limit() {
      limited = true;
    },
  };
}

function sentence(parts: readonly unknown[]): string {
  return `OpenTelemetry: ${parts.filter((part) => typeof part !== 'object').join(' ')}`;
}
