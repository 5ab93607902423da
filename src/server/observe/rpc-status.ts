import { grpcStatusNames } from '../../shared/grpc-status-names.ts';

/** The codes that OpenTelemetry's conventions for gRPC count as failures of a server; the others are the caller's own. */
const faults: ReadonlySet<string> = new Set<(typeof grpcStatusNames)[number]>([
  'UNKNOWN',
  'DEADLINE_EXCEEDED',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
]);

/** Tracing shows codes by name. */
export function rpcStatusName(code: number): string {
  return grpcStatusNames[code] ?? String(code);
}

/** Whether a call that was answered by this status counts as failed on the server's side. */
export function isServerFault(statusName: string): boolean {
  return faults.has(statusName);
}
