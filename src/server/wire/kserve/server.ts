import { messageType } from '../protobuf/message-types.ts';

const file = 'grpc_predict_v2.proto';
const live = messageType(file, 'inference.ServerLiveResponse');
const ready = messageType(file, 'inference.ServerReadyResponse');
const metadata = messageType(file, 'inference.ServerMetadataResponse');

/** What the server calls itself: clients of OpenVINO Model Server may look for its name. */
const name = 'OpenVINO Model Server';

export function encodeServerLiveResponse(): Uint8Array {
  return live.encode({ live: true });
}

export function encodeServerReadyResponse(isReady: boolean): Uint8Array {
  return ready.encode({ ready: isReady });
}

export function encodeServerMetadataResponse(version: string): Uint8Array {
  return metadata.encode({ name, version, extensions: ['sequence'] });
}

/** The same over REST, which has one extension more. */
export function encodeServerMetadataJson(version: string): string {
  return JSON.stringify({ name, version, extensions: ['binary_tensor_data', 'sequence'] });
}
