import { readFileSync } from 'node:fs';

/** A write as the API server records it; the fields that tests look at. */
export interface AuditEvent {
  readonly verb: 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';
  readonly user: { readonly username: string };
  readonly userAgent?: string;
  readonly requestURI: string;
  readonly objectRef?: {
    readonly resource: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly apiGroup?: string;
    readonly subresource?: string;
  };
  readonly responseStatus?: { readonly code: number };
  /** When the request came, with microseconds. */
  readonly requestReceivedTimestamp: string;
}

/** Writes only, when they are done, without bodies. */
export const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived', 'ResponseStarted'],
  rules: [{ level: 'Metadata', verbs: ['create', 'update', 'patch', 'delete', 'deletecollection'] }, { level: 'None' }],
};

export function readAuditLog(file: string): AuditEvent[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  // What follows the last line break is a line that is being written.
  return lines.slice(0, -1).map((line) => JSON.parse(line));
}
