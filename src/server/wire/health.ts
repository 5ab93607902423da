import { messageType } from './protobuf/message-types.ts';
import { ProtoReader, wireType } from './protobuf/reader.ts';

const response = messageType('grpc/health/v1/health.proto', 'grpc.health.v1.HealthCheckResponse');

export type HealthStatus = 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN';

/**
 * @returns the service that is asked for; empty for the server as a whole
 * @throws ServingError `invalid-argument`
 */
export function decodeHealthCheckRequest(message: Uint8Array): string {
  const reader = new ProtoReader(message);
  let service = '';
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === ((1 << 3) | wireType.bytes)) service = reader.string();
    else reader.skip(tag);
  }
  return service;
}

export function encodeHealthCheckResponse(status: HealthStatus): Uint8Array {
  return response.encode({ status });
}
