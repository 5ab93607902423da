import { join } from 'node:path';
import protobuf from 'protobufjs';

const folder = join(import.meta.dirname, '../../protos');

/** A message type as protobufjs knows it: the other end of the wire, to hold our own codecs against. */
export interface ProtoType {
  /** Only fields that are there; 64-bit integers as strings, enum values as numbers, bytes as Buffers. */
  decode(bytes: Uint8Array): Record<string, unknown>;
  /** @param fields by their names in the .proto */
  encode(fields: object): Uint8Array;
}

/**
 * @param file below `protos/`
 * @param name full name of the message
 */
export function protoType(file: string, name: string): ProtoType {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => (target in protobuf.common ? target : join(folder, target));
  root.loadSync(file, { keepCase: true });
  const type = root.lookupType(name);
  return {
    decode: (bytes) => type.toObject(type.decode(bytes), { longs: String }),
    encode: (fields) => type.encode(type.fromObject(fields)).finish(),
  };
}
