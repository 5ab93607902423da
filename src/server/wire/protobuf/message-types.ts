import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import { ServingError } from '../../model/error.ts';

const protos = fileURLToPath(new URL('../../../../protos/', import.meta.url));
const roots = new Map<string, protobuf.Root>();

/** A message as its codec reads and writes it: fields by their names in the .proto, 64-bit integers as strings. */
export type Fields = Record<string, unknown>;

/** For messages that come seldom: protobufjs does the work, from the .proto files, which are read when first needed. */
export interface MessageType {
  /** @throws ServingError `invalid-argument` if the bytes are no such message */
  decode(bytes: Uint8Array): Fields;
  encode(fields: Fields): Uint8Array;
}

/**
 * @param file below `protos/`
 * @param name full name of the message
 */
export function messageType(file: string, name: string): MessageType {
  let type: protobuf.Type | undefined;
  const lookUp = () => {
    type ??= rootOf(file).lookupType(name);
    return type;
  };
  return {
    decode(bytes) {
      const found = lookUp();
      try {
        return found.toObject(found.decode(bytes), { longs: String, enums: String });
      } catch (error) {
        throw new ServingError(
          'invalid-argument',
          `Malformed protobuf message - Expected: ${name}; Actual: ${(error as Error).message}`,
        );
      }
    },
    encode(fields) {
      const found = lookUp();
      return found.encode(found.fromObject(fields)).finish();
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
