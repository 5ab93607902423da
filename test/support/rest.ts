import { freePort } from './server.ts';

/** A port for REST, and the flags that have a server serve on it. */
export async function restFlags(): Promise<{ readonly port: number; readonly flags: readonly string[] }> {
  const port = await freePort();
  return { port, flags: ['--rest_port', String(port), '--rest_bind_address', '127.0.0.1'] };
}
