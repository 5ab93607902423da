import { isUtf8 } from 'node:buffer';
import { stringAt, stringsOf, totalLength } from '../../model/strings.ts';
import type { NumericPrecision, Shape, Tensor } from '../../model/tensor.ts';
import { fromBfloat16 } from './bfloat16.ts';
import type { JsonWriter } from './json-writer.ts';

/** Writes the element with that number. */
export type WriteElement = (writer: JsonWriter, index: number) => void;

/** A copy of an answer's tensor that lies in memory of its own, aligned. */
export function copyTensor(tensor: Tensor, take: (bytes: number) => void): Tensor {
  if (tensor.precision !== 'STRING') {
    take(tensor.data.byteLength);
    return { ...tensor, data: new Uint8Array(tensor.data) };
  }
  const { strings } = tensor;
  take(totalLength(strings) + strings.ranges.byteLength);
  const copies = Array.from({ length: strings.ranges.length / 2 }, (_, i) => stringAt(strings, i));
  return { ...tensor, strings: stringsOf(copies) };
}

/** @param bytesAsBase64 whether strings are given as `{"b64": "…"}`; those that are no UTF-8 always are */
export function elementWriter(tensor: Tensor, bytesAsBase64: boolean): WriteElement {
  if (tensor.precision !== 'STRING') return numberWriter(tensor.precision, tensor.data as Uint8Array<ArrayBuffer>);
  const { strings } = tensor;
  return (writer, index) => {
    const bytes = stringAt(strings, index);
    if (!bytesAsBase64 && isUtf8(bytes)) {
      writer.utf8(bytes);
      return;
    }
    writer.raw('{"b64": ');
    writer.base64(bytes);
    writer.raw('}');
  };
}

/** What `JsonWriter.float` wants to know. */
const fp64 = { fractionBits: 52, leastExponent: -1022 };
const fp32 = { fractionBits: 23, leastExponent: -126 };
const fp16 = { fractionBits: 10, leastExponent: -14 };
const bf16 = { fractionBits: 7, leastExponent: -126 };

function numberWriter(
  precision: NumericPrecision,
  { buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>,
): WriteElement {
  const whole =
    (values: ArrayLike<number>): WriteElement =>
    (writer, i) =>
      writer.integer(values[i]!);
  switch (precision) {
    case 'FP64': {
      const values = new Float64Array(buffer, byteOffset, byteLength / 8);
      return (writer, i) => writer.float(values[i]!, fp64.fractionBits, fp64.leastExponent);
    }
    case 'FP32': {
      const values = new Float32Array(buffer, byteOffset, byteLength / 4);
      return (writer, i) => writer.float(values[i]!, fp32.fractionBits, fp32.leastExponent);
    }
    case 'FP16': {
      const values = new Float16Array(buffer, byteOffset, byteLength / 2);
      return (writer, i) => writer.float(values[i]!, fp16.fractionBits, fp16.leastExponent);
    }
    case 'BF16': {
      const values = new Uint16Array(buffer, byteOffset, byteLength / 2);
      return (writer, i) => writer.float(fromBfloat16(values[i]!), bf16.fractionBits, bf16.leastExponent);
    }
    case 'I64': {
      const values = new BigInt64Array(buffer, byteOffset, byteLength / 8);
      return (writer, i) => writer.bigInteger(values[i]!);
    }
    case 'U64': {
      const values = new BigUint64Array(buffer, byteOffset, byteLength / 8);
      return (writer, i) => writer.bigInteger(values[i]!);
    }
    case 'BOOL': {
      const values = new Uint8Array(buffer, byteOffset, byteLength);
      return (writer, i) => writer.raw(values[i] === 0 ? 'false' : 'true');
    }
    case 'I32':
      return whole(new Int32Array(buffer, byteOffset, byteLength / 4));
    case 'U32':
      return whole(new Uint32Array(buffer, byteOffset, byteLength / 4));
    case 'I16':
      return whole(new Int16Array(buffer, byteOffset, byteLength / 2));
    case 'U16':
      return whole(new Uint16Array(buffer, byteOffset, byteLength / 2));
    case 'I8':
      return whole(new Int8Array(buffer, byteOffset, byteLength));
    case 'U8':
      return whole(new Uint8Array(buffer, byteOffset, byteLength));
  }
}

const openArray = 0x5b;
const closeArray = 0x5d;
const comma = 0x2c;
const space = 0x20;

/**
 * Writes elements as nested arrays; gives out chunks whenever there is one.
 * @param shape of what is written, which begins with the element of number `begin`
 */
export function* writeNested(
  writer: JsonWriter,
  write: WriteElement,
  shape: Shape,
  begin = 0,
): Generator<Buffer, void, void> {
  const [size, ...inner] = shape;
  if (size === undefined) {
    write(writer, begin);
    return;
  }
  writer.byte(openArray);
  const stride = inner.reduce((product, next) => product * next, 1);
  for (let i = 0; i < size; i++) {
    if (i > 0) {
      writer.byte(comma);
      writer.byte(space);
    }
    if (inner.length === 0) write(writer, begin + i);
    else yield* writeNested(writer, write, inner, begin + i * stride);
    if (writer.isFull) yield writer.take();
  }
  writer.byte(closeArray);
}
