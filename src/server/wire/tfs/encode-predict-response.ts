import type { NamedTensor } from '../../model/inference.ts';
import { copyString, countStrings, stringLength } from '../../model/strings.ts';
import type { Shape, Tensor } from '../../model/tensor.ts';
import { fieldSize, varintSize } from '../protobuf/size.ts';
import { utf8 } from '../protobuf/utf8.ts';
import { ProtoWriter } from '../protobuf/writer.ts';
import { dataType } from './data-type.ts';
import { encodeSequenceEntry } from './sequence-output.ts';

export interface PredictResponse {
  readonly name: string;
  readonly version: number;
  readonly signatureName: string;
  readonly outputs: readonly NamedTensor[];
  /** Of a stateful model. */
  readonly sequenceId?: bigint | undefined;
}

/** A `tensorflow.serving.PredictResponse`. Each tensor is copied once, into the message. */
export function encodePredictResponse(response: PredictResponse): Buffer {
  const { outputs } = response;
  const name = utf8(response.name);
  const signature = utf8(response.signatureName);
  const version = 1 + varintSize(response.version);
  const spec = fieldSize(name.length) + fieldSize(version) + fieldSize(signature.length);
  const shapes: number[] = [];
  const tensors: number[] = [];
  const entries: number[] = [];
  let size = fieldSize(spec);
  for (const { name: outputName, tensor } of outputs) {
    const shape = shapeSize(tensor.shape);
    const bytes = tensorSize(tensor, shape);
    const entry = fieldSize(utf8(outputName).length) + fieldSize(bytes);
    shapes.push(shape);
    tensors.push(bytes);
    entries.push(entry);
    size += fieldSize(entry);
  }
  const sequence = response.sequenceId === undefined ? undefined : encodeSequenceEntry(response.sequenceId);
  if (sequence) size += fieldSize(sequence.length);
  const writer = new ProtoWriter(size);
  for (let i = 0; i < outputs.length; i++) {
    const output = utf8(outputs[i]!.name);
    writer.head(1, entries[i]!);
    writer.head(1, output.length);
    writer.raw(output);
    writer.head(2, tensors[i]!);
    writeTensor(writer, outputs[i]!.tensor, shapes[i]!);
  }
  if (sequence) writer.field(1, sequence);
  writer.head(2, spec);
  writer.head(1, name.length);
  writer.raw(name);
  writer.head(2, version);
  writer.number(1, response.version);
  writer.head(3, signature.length);
  writer.raw(signature);
  return writer.bytes;
}

function tensorSize(tensor: Tensor, shape: number): number {
  let size = 2 + fieldSize(shape);
  if (tensor.precision !== 'STRING') size += fieldSize(tensor.data.byteLength);
  else for (let i = 0; i < countStrings(tensor.strings); i++) size += fieldSize(stringLength(tensor.strings, i));
  return size;
}

function writeTensor(writer: ProtoWriter, tensor: Tensor, shape: number): void {
  writer.number(1, dataType[tensor.precision]);
  writer.head(2, shape);
  for (const size of tensor.shape) {
    writer.head(2, 1 + varintSize(size));
    writer.number(1, size);
  }
  if (tensor.precision !== 'STRING') {
    writer.head(4, tensor.data.byteLength);
    writer.raw(tensor.data);
    return;
  }
  for (let i = 0; i < countStrings(tensor.strings); i++) {
    const length = stringLength(tensor.strings, i);
    writer.head(8, length);
    copyString(tensor.strings, i, writer.bytes, writer.position);
    writer.position += length;
  }
}

function shapeSize(shape: Shape): number {
  let bytes = 0;
  for (const size of shape) bytes += fieldSize(1 + varintSize(size));
  return bytes;
}
