import { messageType } from './protobuf/message-types.ts';

const file = 'grpc/health/v1/health.proto';
const request = messageType(file, 'grpc.health.v1.HealthCheckRequest');
const response = messageType(file, 'grpc.health.v1.HealthCheckResponse');

export type HealthStatus = 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN';

/** @returns the service that is asked for; empty for the server as a whole */
export function decodeHealthCheckRequest(message: Uint8Array): string {
  return (request.decode(message).service as string | undefined) ?? '';
}

export function encodeHealthCheckResponse(status: HealthStatus): Uint8Array {
  return response.encode({ status });
}
