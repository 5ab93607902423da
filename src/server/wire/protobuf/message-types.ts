import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';

const protos = fileURLToPath(new URL('../../../../protos/', import.meta.url));
const roots = new Map<string, protobuf.Root>();

/** A message as its codec writes it: fields by their names in the .proto, 64-bit integers as strings. */
export type Fields = Record<string, unknown>;

/**
 * For messages that go out seldom: protobufjs does the work, from the .proto files, which are read when first needed. What
 * comes in is ProtoReader's to read: protobufjs takes bytes that are no message (a string that ends too soon) for one.
 */
export interface MessageType {
  encode(fields: Fields): Uint8Array;
}

/**
 * @param file below `protos/`
 * @param name full name of the message
 */
export function messageType(file: string, name: string): MessageType {
  let type: protobuf.Type | undefined;
  return {
    encode(fields) {
      type ??= rootOf(file).lookupType(name);
      return type.encode(type.fromObject(fields)).finish();
    },
  };
}

function rootOf(file: string): protobuf.Root {
  let root = roots.get(file);
  if (!root) {
    root = new protobuf.Root();
    root.resolvePath = (_origin, target) => (target in protobuf.common ? target : protos + target);
    root.loadSync(file, { keepCase: true });
    roots.set(file, root);
  }
  return root;
}
