import type { InputTensor, Payload, TakeMemory } from '../../model/inference.ts';
import { addDimension } from '../protobuf/bounds.ts';
import { ProtoReader, wireType } from '../protobuf/reader.ts';
import { RepeatedField, readValues } from '../protobuf/values.ts';
import { precisionOf, type ValueField, valueField } from './data-type.ts';

/** Field numbers of TensorProto. */
const field = { dtype: 1, shape: 2, content: 4 } as const;

/** Field numbers of the values. */
const valuesAt: Readonly<Record<ValueField, number>> = {
  float: 5,
  double: 6,
  int: 7,
  string: 8,
  int64: 10,
  bool: 11,
  half: 13,
  uint32: 16,
  uint64: 17,
};

const nothing = Buffer.alloc(0);

/**
 * Reads a TensorProto. Fields may come in any order, so values are passed over at first and read once it is known of what kind
 * they are. A message may hold millions of them: none gets an object of its own.
 * @param take called with the bytes of whatever is not a view over the message
 */
export function decodeTensorProto(reader: ProtoReader, take: TakeMemory): InputTensor {
  const begin = reader.position;
  let dtype = 0;
  const shape: number[] = [];
  let content: Uint8Array = nothing;
  let others = false;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === ((field.dtype << 3) | wireType.varint)) dtype = reader.int32();
    else if (tag === ((field.shape << 3) | wireType.bytes)) readShape(reader.message(), shape);
    else if (tag === ((field.content << 3) | wireType.bytes)) content = reader.view();
    else {
      reader.skip(tag);
      others = true;
    }
  }
  const payload: Payload = { kind: 'bytes', bytes: content };
  const precision = precisionOf(dtype);
  if (!precision) return { precision: `INVALID (DataType ${dtype})`, shape, payload };
  // `tensor_content` wins over values, as in TensorFlow.
  if (precision !== 'STRING' && (!others || content.byteLength > 0)) return { precision, shape, payload };
  const values = new RepeatedField(new ProtoReader(reader.bytes, begin, reader.end), valuesAt[valueField[precision]]);
  return { precision, shape, payload: readValues(values, precision, take) ?? payload };
}

/**
 * Dimensions of a shape that comes in several pieces add up, as repeated fields of merged messages do.
 * @param shape what earlier pieces said; written to
 * @throws ServingError `invalid-argument`
 */
function readShape(reader: ProtoReader, shape: number[]): void {
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === ((2 << 3) | wireType.bytes)) addDimension(shape, readSize(reader.message()));
    else reader.skip(tag);
  }
}

function readSize(reader: ProtoReader): number {
  let size = 0;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === ((1 << 3) | wireType.varint)) size = reader.int64();
    else reader.skip(tag);
  }
  return size;
}
