import type { ModelServer } from '../api/model-server.ts';

type ServerSpec = ModelServer['spec']['server'];

/** Where TLS is on and no other is chosen. */
const usualHealthPort = 9001;

/** The port for those who have neither certificate nor key; undefined if there is none. */
export function healthPort({ healthPort: chosen, tls }: ServerSpec): number | undefined {
  return chosen ?? (tls ? usualHealthPort : undefined);
}

/** Where health checks and GetModelStatus are answered in plain text. */
export function askedPort(server: ServerSpec): number {
  return healthPort(server) ?? server.grpcPort;
}
