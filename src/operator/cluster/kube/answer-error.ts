import { wallTime } from '../../../shared/clock.ts';
import { ClusterError, type ClusterErrorCode } from '../cluster-error.ts';

/** What the API server sends where it does not do what it was asked for: a `Status`. */
interface Status {
  readonly message?: string;
  readonly reason?: string;
  readonly code?: number;
  readonly details?: {
    readonly retryAfterSeconds?: number;
    readonly causes?: readonly { readonly reason?: string; readonly field?: string }[];
  };
}

/** The API server's reasons, where they say more than the HTTP status that comes with them. */
const byReason: Readonly<Record<string, ClusterErrorCode>> = {
  AlreadyExists: 'already-exists',
  Conflict: 'conflict',
  Expired: 'gone',
  Gone: 'gone',
  Invalid: 'invalid',
  NotFound: 'not-found',
  TooManyRequests: 'throttled',
};

const byStatus: Readonly<Record<number, ClusterErrorCode>> = {
  // Whoever was not let in at all has not been refused anything yet: credentials change and come back.
  401: 'unavailable',
  403: 'forbidden',
  404: 'not-found',
  408: 'unavailable',
  409: 'conflict',
  410: 'gone',
  429: 'throttled',
};

/** What an apply says that is not of the kind's schema is answered with 500, as if the API server had failed. */
const notTyped = /^failed to (create typed patch object|convert new object)/;
const longestMessage = 1024;

/**
 * The error that an answer other than 2xx stands for.
 * @param status the HTTP status
 * @param body a `Status` in JSON, or whatever a proxy in between has to say
 */
export function answerError(status: number, body: string, retryAfter?: string): ClusterError {
  return statusError(parseStatus(body) ?? { message: body.trim().slice(0, longestMessage) }, status, retryAfter);
}

/** The error that an ERROR event of a watch stands for. */
export function eventError(status: object): ClusterError {
  return statusError(status, (status as Status).code ?? 500);
}

function statusError(status: Status, httpStatus: number, retryAfter?: string): ClusterError {
  const message = status.message || `The API server answered with HTTP status ${httpStatus}`;
  const code = codeOf(status, httpStatus, message);
  const seconds = secondsOf(retryAfter) ?? status.details?.retryAfterSeconds;
  return new ClusterError(code, message, seconds === undefined ? {} : { retryAfterMs: seconds * 1000 });
}

function codeOf({ reason, details }: Status, httpStatus: number, message: string): ClusterErrorCode {
  if (httpStatus === 500 && notTyped.test(message)) return 'invalid';
  // Another object has that name now; the API server takes the sender to mean to change its uid.
  if (reason === 'Invalid' && details?.causes?.some(({ field }) => field === 'metadata.uid')) return 'conflict';
  if (details?.causes?.some((cause) => cause.reason === 'NamespaceTerminating')) return 'terminating';
  const known = byReason[reason ?? ''] ?? byStatus[httpStatus];
  return known ?? (httpStatus >= 400 && httpStatus < 500 ? 'invalid' : 'unavailable');
}

function parseStatus(body: string): Status | undefined {
  try {
    const parsed: { readonly kind?: string } | null = JSON.parse(body);
    return parsed?.kind === 'Status' ? (parsed as Status) : undefined;
  } catch {
    return undefined;
  }
}

/** @param retryAfter seconds or a date */
function secondsOf(retryAfter: string | undefined): number | undefined {
  if (retryAfter === undefined) return undefined;
  const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - wallTime()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
}
