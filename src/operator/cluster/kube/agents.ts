import http from 'node:http';
import https from 'node:https';
import type { TlsIdentity } from './credentials.ts';

/** Calls at once; more wait for one to end. Watches have connections of their own, so that they never stand in the way. */
const mostCalls = 16;
/** Watches end every few minutes, and another one begins. */
const mostIdleWatches = 4;
/** Below what load balancers on the way give an idle connection. */
const keepAliveMs = 30_000;

/** The connections that one identity has opened. */
export class Agents {
  readonly tls: TlsIdentity;
  readonly calls: http.Agent;
  readonly watches: http.Agent;

  constructor(protocol: string, tls: TlsIdentity) {
    this.tls = tls;
    const create = (options: http.AgentOptions) => {
      const all = { keepAlive: true, keepAliveMsecs: keepAliveMs, ...options };
      return protocol === 'http:' ? new http.Agent(all) : new https.Agent({ ...all, ...tls });
    };
    this.calls = create({ maxSockets: mostCalls, maxFreeSockets: mostCalls });
    this.watches = create({ maxFreeSockets: mostIdleWatches });
  }

  /** Closes the connections that nobody uses: the far side may have closed its ends of them already. */
  dropIdle(): void {
    for (const agent of [this.calls, this.watches]) {
      for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
    }
  }

  /** Closes each connection once it is idle. */
  retire(): void {
    this.calls.maxFreeSockets = 0;
    this.watches.maxFreeSockets = 0;
    this.dropIdle();
  }

  /** Closes all connections, busy ones too. */
  destroy(): void {
    this.calls.destroy();
    this.watches.destroy();
  }
}
