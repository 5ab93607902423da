import { ServerCredentials } from '@grpc/grpc-js';
import type { Credentials } from '../../security/credentials.ts';
import type { Renewed } from '../../security/renewed.ts';

/** Whoever does not shake hands within this time holds a socket for nothing, and the server's end up. */
const handshakeMs = 10_000;

/**
 * TLS whose certificate may become another one: grpc-js hands what it is told here to each of its HTTP/2 servers, which use it for
 * the handshakes that begin from then on. Its certificate providers would do the same from files, but take a pair that does not fit.
 */
export class ReloadedCredentials extends ServerCredentials {
  constructor(credentials: Renewed<Credentials>) {
    const { context, asksClients } = credentials.current;
    super(
      {
        requestCert: asksClients,
        rejectUnauthorized: asksClients,
        handshakeTimeout: handshakeMs,
        ALPNProtocols: ['h2'],
      },
      context,
    );
    credentials.subscribe((next) => this.updateSecureContextOptions(next.context));
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}
