import type { TakeMemory } from '../../model/inference.ts';
import { ProtoReader, wireType } from './reader.ts';

/**
 * An embedded message that comes in several pieces, put together: one behind the other, they are that message. No known encoder
 * writes pieces; protobuf allows them.
 * @param around the message around it, from its beginning
 * @param number of the field
 */
export function joinPieces(around: ProtoReader, number: number, take: TakeMemory): ProtoReader {
  take(around.end - around.position);
  const joined = Buffer.allocUnsafe(around.end - around.position);
  let length = 0;
  while (!around.done) {
    const tag = around.tag();
    if (tag !== ((number << 3) | wireType.bytes)) {
      around.skip(tag);
      continue;
    }
    const size = around.length();
    const begin = around.advance(size);
    around.bytes.copy(joined, length, begin, begin + size);
    length += size;
  }
  return new ProtoReader(joined.subarray(0, length));
}
