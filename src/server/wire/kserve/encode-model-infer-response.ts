import type { NamedTensor } from '../../model/inference.ts';
import { packedSize, packStrings } from '../../model/packed-strings.ts';
import type { Shape, Tensor } from '../../model/tensor.ts';
import { fieldSize, varintSize } from '../protobuf/size.ts';
import { utf8 } from '../protobuf/utf8.ts';
import { ProtoWriter } from '../protobuf/writer.ts';
import { datatype } from './datatype.ts';
import { encodeSequenceParameter } from './sequence-parameters.ts';

export interface ModelInferResponse {
  readonly name: string;
  readonly version: number;
  readonly id: string;
  readonly outputs: readonly NamedTensor[];
  /** Of a stateful model. */
  readonly sequenceId?: bigint | undefined;
}

/** What is reckoned before the first byte is written. */
interface Sizes {
  readonly id: Buffer;
  /** An entry of the parameters. */
  readonly sequence: Buffer | undefined;
  readonly shapes: readonly number[];
  /** Of the outputs' messages, and of their elements. */
  readonly outputs: readonly number[];
  readonly raw: readonly number[];
  readonly total: number;
}

/** An `inference.ModelInferResponse`. Each tensor is copied once, into `raw_output_contents`. */
export function encodeModelInferResponse(response: ModelInferResponse): Buffer {
  const sizes = sizesOf(response);
  const writer = new ProtoWriter(sizes.total);
  write(writer, response, sizes);
  return writer.bytes;
}

/** The same as an `inference.ModelStreamInferResponse`. */
export function encodeModelStreamInferResponse(response: ModelInferResponse): Buffer {
  const sizes = sizesOf(response);
  const writer = new ProtoWriter(fieldSize(sizes.total));
  writer.head(2, sizes.total);
  write(writer, response, sizes);
  return writer.bytes;
}

/** An `inference.ModelStreamInferResponse` for an inference that failed. @param id of its request */
export function encodeModelStreamInferError(message: string, id: string): Buffer {
  const text = Buffer.from(message);
  const echoed = Buffer.from(id);
  const response = echoed.length > 0 ? fieldSize(echoed.length) : 0;
  const writer = new ProtoWriter(fieldSize(text.length) + (response > 0 ? fieldSize(response) : 0));
  writer.field(1, text);
  if (response > 0) {
    writer.head(2, response);
    writer.field(3, echoed);
  }
  return writer.bytes;
}

function sizesOf({ name, version, id: text, outputs: tensors, sequenceId }: ModelInferResponse): Sizes {
  const id = Buffer.from(text);
  const sequence = sequenceId === undefined ? undefined : encodeSequenceParameter(sequenceId);
  const shapes: number[] = [];
  const outputs: number[] = [];
  const raw: number[] = [];
  let total = fieldSize(utf8(name).length) + fieldSize(utf8(String(version)).length);
  if (id.length > 0) total += fieldSize(id.length);
  if (sequence) total += fieldSize(sequence.length);
  for (const { name: output, tensor } of tensors) {
    const shape = shapeSize(tensor.shape);
    const type = datatype[tensor.precision];
    const size = fieldSize(utf8(output).length) + fieldSize(utf8(type).length) + (shape > 0 ? fieldSize(shape) : 0);
    const elements = tensor.precision === 'STRING' ? packedSize(tensor.strings) : tensor.data.byteLength;
    shapes.push(shape);
    outputs.push(size);
    raw.push(elements);
    total += fieldSize(size) + fieldSize(elements);
  }
  return { id, sequence, shapes, outputs, raw, total };
}

function write(writer: ProtoWriter, response: ModelInferResponse, sizes: Sizes): void {
  const { outputs } = response;
  writer.field(1, utf8(response.name));
  writer.field(2, utf8(String(response.version)));
  if (sizes.id.length > 0) writer.field(3, sizes.id);
  if (sizes.sequence) writer.field(4, sizes.sequence);
  for (let i = 0; i < outputs.length; i++) {
    const { name, tensor } = outputs[i]!;
    writer.head(5, sizes.outputs[i]!);
    writer.field(1, utf8(name));
    writer.field(2, utf8(datatype[tensor.precision]));
    if (sizes.shapes[i]! > 0) {
      writer.head(3, sizes.shapes[i]!);
      for (const size of tensor.shape) writer.varint(size);
    }
  }
  for (let i = 0; i < outputs.length; i++) {
    writer.head(6, sizes.raw[i]!);
    writeElements(writer, outputs[i]!.tensor);
  }
}

function writeElements(writer: ProtoWriter, tensor: Tensor): void {
  if (tensor.precision === 'STRING') writer.position = packStrings(tensor.strings, writer.bytes, writer.position);
  else writer.raw(tensor.data);
}

function shapeSize(shape: Shape): number {
  let bytes = 0;
  for (const size of shape) bytes += varintSize(size);
  return bytes;
}
