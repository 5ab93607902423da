import { grpcStatusNames } from '../../../shared/grpc-status-names.ts';
/**
 * - `connection`: there is none, or it ended: other calls over it need not be tried.
 * - `not-found`: the server's own NOT_FOUND.
 * - `call`: whatever else.
 */
export type GrpcErrorKind = 'connection' | 'not-found' | 'call';

/** Why a call has no answer; the message says it in a few plain words. */
export class GrpcError extends Error {
  readonly kind: GrpcErrorKind;

  constructor(kind: GrpcErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'GrpcError';
    this.kind = kind;
  }
}

/** Characters of the server's own words that are passed on. */
const longestDetails = 256;

/** What Node calls the ends of a try to connect, in plain words. */
const connectErrors: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'no route',
  ENETUNREACH: 'no route',
  EHOSTDOWN: 'no route',
  ETIMEDOUT: 'timed out',
  ECONNRESET: 'closed by the other end',
  EPIPE: 'closed by the other end',
  EACCES: 'not permitted',
  EPERM: 'not permitted',
  EMFILE: 'too many open sockets',
  ENFILE: 'too many open sockets',
  EADDRNOTAVAIL: 'no free port',
  ERR_HTTP2_ERROR: 'no gRPC server answers there',
};

/**
 * @param cause undefined if the other end closed it without a word
 * @param established whether the other end had shown before that it speaks HTTP/2
 */
export function connectionError(address: string, cause: Error | undefined, established: boolean): GrpcError {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? '';
  const words = cause ? (connectErrors[code] ?? `failed (${code || shorten(cause.message, 80)})`) : connectErrors.EPIPE;
  const message = established ? `${address} closed the connection` : `no connection to ${address}: ${words}`;
  return new GrpcError('connection', message, { cause });
}

/** What the server ended a call with. */
export function statusError(address: string, code: number, encodedDetails: string): GrpcError {
  const name = grpcStatusNames[code] ?? `code ${code}`;
  if (name === 'UNIMPLEMENTED') return new GrpcError('call', `the server at ${address} has no GetModelStatus`);
  const details = shorten(decode(encodedDetails).replace(/\s+/g, ' ').trim(), longestDetails);
  const message = `${address} answers ${name}${details ? `: ${details}` : ''}`;
  return new GrpcError(name === 'NOT_FOUND' ? 'not-found' : 'call', message);
}

/** At most so many characters; where there are more, an ellipsis is the last. */
export function shorten(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).toWellFormed()}…`;
}

/** gRPC sends its messages percent-encoded; what is not is taken as it is. */
function decode(details: string): string {
  try {
    return decodeURIComponent(details);
  } catch {
    return details;
  }
}
