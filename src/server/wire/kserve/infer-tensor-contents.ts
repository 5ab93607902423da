import type { Payload, TakeMemory } from '../../model/inference.ts';
import type { Precision } from '../../model/tensor.ts';
import type { ProtoReader } from '../protobuf/reader.ts';
import { RepeatedField, readValues } from '../protobuf/values.ts';

/** Which field of InferTensorContents has the elements. 16-bit floats have none: they come as raw_input_contents only. */
const fieldOf: Readonly<Record<Precision, number | undefined>> = {
  BOOL: 1,
  I8: 2,
  I16: 2,
  I32: 2,
  I64: 3,
  U8: 4,
  U16: 4,
  U32: 4,
  U64: 5,
  FP32: 6,
  FP64: 7,
  STRING: 8,
  FP16: undefined,
  BF16: undefined,
};

const noValues: Payload = { kind: 'values', bytes: Buffer.alloc(0), count: 0 };

/**
 * The elements of an `inference.InferTensorContents`. Values in other fields than the type's are none.
 * @param contents not yet read; undefined if the tensor has none
 * @param take called with the bytes of whatever is not a view over the message
 */
export function decodeContents(contents: ProtoReader | undefined, precision: Precision, take: TakeMemory): Payload {
  const number = fieldOf[precision];
  if (!contents || number === undefined) return noValues;
  return readValues(new RepeatedField(contents, number), precision, take) ?? noValues;
}
