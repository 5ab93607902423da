import type { NamedTensor } from '../../model/inference.ts';
import { varint64 } from '../protobuf/varint64.ts';

/** The output that a stateful model's answers have beside their own. */
const name = 'sequence_id';

/** The sequence that has answered, as an output: U64 [1]. */
export function sequenceOutput(id: bigint): NamedTensor {
  const data = Buffer.alloc(8);
  data.writeBigUInt64LE(id);
  return { name, tensor: { precision: 'U64', shape: [1], data } };
}

/** Its name, and a TensorProto up to the value: DT_UINT64, of one dimension of size 1. */
const dtypeAndShape = Buffer.from([0x08, 23, 0x12, 4, 0x12, 2, 0x08, 1]);

/** `uint64_val`, packed. */
const uint64Val = Buffer.from([0x8a, 0x01]);

/**
 * The same as an entry of a PredictResponse's `outputs`. Its value is in `uint64_val`, where clients look for it, and not in `tensor_content` as those
 * of all other outputs.
 */
export function encodeSequenceEntry(id: bigint): Buffer {
  const value = varint64(id);
  const tensor = Buffer.concat([dtypeAndShape, uint64Val, Buffer.from([value.length]), value]);
  return Buffer.concat([
    Buffer.from([0x0a, name.length]),
    Buffer.from(name),
    Buffer.from([0x12, tensor.length]),
    tensor,
  ]);
}
