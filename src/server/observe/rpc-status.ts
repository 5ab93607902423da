/** Names of gRPC's status codes, by code: tracing shows codes by name. */
const names = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

/** The codes that OpenTelemetry's conventions for gRPC count as failures of a server; the others are the caller's own. */
const faults: ReadonlySet<string> = new Set<(typeof names)[number]>([
  'UNKNOWN',
  'DEADLINE_EXCEEDED',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
]);

export function rpcStatusName(code: number): string {
  return names[code] ?? String(code);
}

/** Whether a call that was answered by this status counts as failed on the server's side. */
export function isServerFault(statusName: string): boolean {
  return faults.has(statusName);
}
