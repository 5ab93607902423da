import type { Agent } from 'node:http';

/** Where the API server is, and what to show it. */
export interface Credentials {
  /**
   * For the next request. Where nothing has changed, `tls` is the same object, or holds the same.
   * @param refused the API server did not accept what this gave before
   * @throws ClusterError `unavailable`: they cannot be read
   */
  access(refused?: boolean): Promise<Access>;
}

export interface Access {
  /** Its URL, perhaps with a path in front of all others. */
  readonly server: URL;
  readonly tls: TlsIdentity;
  /** By their lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Reaches it through a proxy. */
  readonly agent?: Agent;
}

/** As `node:tls` takes them. */
export interface TlsIdentity {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

/** For how long files with credentials are taken to be as they were: Kubernetes renews tokens minutes before they end. */
export const rereadMs = 60_000;

export function isSameIdentity(a: TlsIdentity, b: TlsIdentity): boolean {
  const fields = ['ca', 'cert', 'key', 'servername', 'rejectUnauthorized'] as const;
  return a === b || fields.every((field) => isSame(a[field], b[field]));
}

function isSame(a: unknown, b: unknown): boolean {
  return Buffer.isBuffer(a) && Buffer.isBuffer(b) ? a.equals(b) : a === b;
}
