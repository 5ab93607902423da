import type { Clock } from '../../shared/clock.ts';

/** What carries a protocol's calls. */
export interface TransportServer {
  /**
   * Takes calls on one more address from now on.
   * @param address IPv4, IPv6 or a host name
   * @param port 0 for any that is free
   * @returns the port
   */
  listen(address: string, port: number): Promise<number>;
  /** Takes no more calls and waits for those under way; ends them after `ms` milliseconds. */
  drain(clock: Clock, ms: number): Promise<void>;
}
