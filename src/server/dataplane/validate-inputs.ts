import { ServingError } from '../model/error.ts';
import type { InputTensor, Payload } from '../model/inference.ts';
import {
  accepts,
  batchIndex,
  type Dimension,
  isStatic,
  printDimension,
  printShape,
  type Signature,
  type TensorInfo,
} from '../model/signature.ts';
import { bytesPerElement, elementCount, type NumericPrecision, type Tensor } from '../model/tensor.ts';
import { takesTextRows, toTextRows } from './text-rows.ts';

/** What a single value may be repeated to: the size of the largest message. A request of ten bytes must not cost more. */
const largestFill = 1024 ** 3;

/**
 * The client's inputs as tensors that the signature takes, in its order. Nothing is copied but a value that fills a shape.
 * The order of the checks and the texts are those of OpenVINO Model Server, part of the contract: the first failure is the answer.
 * @throws ServingError `invalid-argument`
 */
export function validateInputs(inputs: ReadonlyMap<string, InputTensor>, signature: Signature): Tensor[] {
  const expected = signature.inputs.length;
  if (inputs.size !== expected)
    throw invalid(`Invalid number of inputs - Expected: ${expected}; Actual: ${inputs.size}`);
  const tensors: Tensor[] = [];
  for (const info of signature.inputs) {
    const input = inputs.get(info.name);
    if (!input) throw invalid(`Missing input with specific name - Required input: ${info.name}`);
    tensors.push(validateInput(input, info));
  }
  return tensors;
}

function validateInput(input: InputTensor, info: TensorInfo): Tensor {
  checkNotNegative(input, info);
  if (input.precision === 'STRING' && takesTextRows(info)) return textRows(input, info);
  if (input.precision !== info.precision) {
    throw invalid(
      `Invalid input precision - Expected: ${info.precision}; Actual: ${input.precision}; input name: ${info.name}`,
    );
  }
  checkShape(input, info);
  const count = elementCount(input.shape);
  if (count === undefined) throw tooLarge(info);
  if (info.precision === 'STRING') {
    return { precision: 'STRING', shape: input.shape, strings: stringsOf(input.payload, count, info) };
  }
  return { precision: info.precision, shape: input.shape, data: bytesOf(input.payload, count, info.precision, info) };
}

function checkNotNegative(input: InputTensor, info: TensorInfo): void {
  for (const size of input.shape) {
    if (size < 0) {
      throw invalid(
        `Invalid input shape - Negative or zero dimension size is not acceptable: ${printShape(input.shape)}; input name: ${info.name}`,
      );
    }
  }
}

function checkShape(input: InputTensor, info: TensorInfo): void {
  const expected = info.shape;
  if (!expected) return;
  const actual = input.shape;
  if (expected.length !== actual.length) {
    throw invalid(
      `Invalid number of shape dimensions - Expected: ${printShape(expected)}; Actual: ${printShape(actual)}; input name: ${info.name}`,
    );
  }
  const batch = batchIndex(info.layout, expected.length);
  if (batch !== undefined && isStatic(expected[batch]!) && expected[batch]!.min !== actual[batch]) {
    throw wrongBatch(expected[batch]!, actual[batch]!, info);
  }
  for (let i = 0; i < expected.length; i++) {
    if (!accepts(expected[i]!, actual[i]!)) {
      throw invalid(
        `Invalid input shape - Expected: ${printShape(expected)}; Actual: ${printShape(actual)}; input name: ${info.name}`,
      );
    }
  }
}

/** Texts for a model that takes them as rows of bytes: one for each row. */
function textRows({ shape, payload }: InputTensor, info: TensorInfo): Tensor {
  const [count, ...rest] = shape;
  if (count === undefined || rest.length > 0) {
    throw invalid(
      `Invalid number of shape dimensions - Expected number of binary input shape dimensions: 1; Actual: ${shape.length}; input name: ${info.name}`,
    );
  }
  const rows = info.shape![0]!;
  if (!accepts(rows, count)) throw wrongBatch(rows, count, info);
  return toTextRows(stringsOf(payload, count, info), info);
}

function bytesOf(payload: Payload, count: number, precision: NumericPrecision, info: TensorInfo): Uint8Array {
  const size = bytesPerElement[precision];
  switch (payload.kind) {
    case 'bytes':
      if (payload.bytes.byteLength === count * size) return payload.bytes;
      if (!Number.isSafeInteger(count * size)) throw tooLarge(info);
      throw invalid(
        `Invalid content size of tensor proto - Expected: ${count * size} bytes; Actual: ${payload.bytes.byteLength} bytes; input name: ${info.name}`,
      );
    case 'values':
      if (payload.count === count) return payload.bytes;
      if (payload.count === 1 && count > 0) {
        if (count * size > largestFill) throw tooLarge(info);
        return Buffer.alloc(count * size, payload.bytes);
      }
      throw wrongCount(count, payload.count, info);
    case 'strings':
      throw wrongCount(count, 0, info);
  }
}

function stringsOf(payload: Payload, count: number, info: TensorInfo): readonly Uint8Array[] {
  const strings = payload.kind === 'strings' ? payload.strings : [];
  if (strings.length === count) return strings;
  const [only] = strings;
  if (strings.length === 1 && only && count > 0) {
    if (count * (only.byteLength + stringOverhead) > largestFill) throw tooLarge(info);
    return new Array<Uint8Array>(count).fill(only);
  }
  throw wrongCount(count, strings.length, info);
}

/** Bytes that an element of a string tensor takes beside its characters, in the runtime. */
const stringOverhead = 32;

function wrongCount(expected: number, actual: number, info: TensorInfo): ServingError {
  return invalid(
    `Invalid number of values in tensor proto container - Expected: ${expected}; Actual: ${actual}; input name: ${info.name}`,
  );
}

function wrongBatch(expected: Dimension, actual: number, info: TensorInfo): ServingError {
  return invalid(
    `Invalid input batch size - Expected: ${printDimension(expected)}; Actual: ${actual}; input name: ${info.name}`,
  );
}

function tooLarge(info: TensorInfo): ServingError {
  return invalid(`Invalid content size of tensor proto - Shape dimensions are too large; input name: ${info.name}`);
}

function invalid(message: string): ServingError {
  return new ServingError('invalid-argument', message);
}
