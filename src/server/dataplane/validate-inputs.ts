import { ServingError } from '../model/error.ts';
import { type EncodedImages, hasImageLayout, takesImages } from '../model/images.ts';
import type { InferRequest, InputTensor, Payload, TakeMemory } from '../model/inference.ts';
import { unpackStrings } from '../model/packed-strings.ts';
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
import { countStrings, repeated, type Strings, stringLength, stringsOf } from '../model/strings.ts';
import { bytesPerElement, elementCount, type NumericPrecision, type Tensor } from '../model/tensor.ts';
import { type DialectRules, dialects } from './dialect.ts';
import { takesTextRows, toTextRows } from './text-rows.ts';

/**
 * Bytes that a single value may be repeated to, each taken from the memory quota: a request of ten bytes must not hold the server
 * up.
 */
const largestFill = 64 * 1024 ** 2;

/** What is the same for all inputs of a request. */
interface Rules extends DialectRules {
  readonly take: TakeMemory;
}

/** A tensor that an input takes; or images that become one. */
export type ValidInput = Tensor | EncodedImages;

/**
 * The client's inputs as tensors that the signature takes, in its order, or as images for them that are still to be decoded. Nothing is
 * copied but a value that fills a shape, and texts that become rows of bytes.
 * The order of the checks and the texts are those of OpenVINO Model Server, part of the contract: the first failure is the
 * answer.
 * @param take called with the bytes of whatever is copied
 * @throws ServingError `invalid-argument`, the request's own fault, and what `take` throws
 */
export function validateInputs(
  { inputs, dialect = 'TFS', fault }: Pick<InferRequest, 'inputs' | 'dialect' | 'fault'>,
  signature: Signature,
  take: TakeMemory,
): ValidInput[] {
  const expected = signature.inputs.length;
  if (inputs.size !== expected)
    throw invalid(`Invalid number of inputs - Expected: ${expected}; Actual: ${inputs.size}`);
  if (fault) throw fault;
  const rules: Rules = { ...dialects[dialect], take };
  const valid: ValidInput[] = [];
  for (const info of signature.inputs) {
    const input = inputs.get(info.name);
    if (!input) throw invalid(`Missing input with specific name - Required input: ${info.name}`);
    valid.push(validateInput(input, info, rules));
  }
  return valid;
}

function validateInput(input: InputTensor, info: TensorInfo, rules: Rules): ValidInput {
  checkNotNegative(input, info);
  if (input.precision === 'STRING' && takesImages(info)) return encodedImages(input, info, rules);
  if (input.precision === 'STRING' && takesTextRows(info)) return textRows(input, info, rules);
  if (input.precision !== info.precision) {
    throw invalid(
      `Invalid input precision - Expected: ${info.precision}; Actual: ${input.datatype ?? input.precision}; input name: ${info.name}`,
    );
  }
  checkShape(input, info);
  const count = elementCount(input.shape);
  if (count === undefined) throw tooLarge(info, rules);
  if (info.precision === 'STRING') {
    return { precision: 'STRING', shape: input.shape, strings: stringsFor(input.payload, count, info, rules) };
  }
  return {
    precision: info.precision,
    shape: input.shape,
    data: bytesOf(input.payload, count, info.precision, info, rules),
  };
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

/** Images for an input that takes them: one for each place of the batch. */
function encodedImages({ shape, payload }: InputTensor, info: TensorInfo, rules: Rules): EncodedImages {
  const count = onlyDimension(shape, info, rules);
  const images = stringsIn(payload, info, rules.take);
  if (countStrings(images) !== count) {
    throw invalid(
      `Invalid input batch size - Expected: ${count} images, by the shape; Actual: ${countStrings(images)}; input name: ${info.name}`,
    );
  }
  const batch = info.shape![0]!;
  if (!accepts(batch, count)) throw wrongBatch(batch, count, info);
  if (!hasImageLayout(info)) {
    throw invalid(
      `Received binary image input but resource not configured to accept NHWC layout - Layout: ${info.layout}; input name: ${info.name}`,
    );
  }
  for (let i = 0; i < count; i++) {
    if (stringLength(images, i) > 0) continue;
    throw invalid(`${rules.emptyImage} - Image ${i + 1} of ${count}; input name: ${info.name}`);
  }
  return { images, info };
}

/** Texts for a model that takes them as rows of bytes: one for each row. */
function textRows({ shape, payload }: InputTensor, info: TensorInfo, rules: Rules): Tensor {
  const count = onlyDimension(shape, info, rules);
  const rows = info.shape![0]!;
  if (!accepts(rows, count)) throw wrongBatch(rows, count, info);
  return toTextRows(stringsFor(payload, count, info, rules), info, rules.take);
}

/** The size of what is sent as a list, whatever the model's shape. */
function onlyDimension(shape: InputTensor['shape'], info: TensorInfo, rules: Rules): number {
  const [count, ...rest] = shape;
  if (count !== undefined && rest.length === 0) return count;
  throw invalid(
    `Invalid number of shape dimensions - ${rules.rankOfLists}: 1; Actual: ${shape.length}; input name: ${info.name}`,
  );
}

function bytesOf(
  payload: Payload,
  count: number,
  precision: NumericPrecision,
  info: TensorInfo,
  rules: Rules,
): Uint8Array {
  const size = bytesPerElement[precision];
  switch (payload.kind) {
    case 'bytes':
      if (payload.bytes.byteLength === count * size) return payload.bytes;
      if (!Number.isSafeInteger(count * size)) throw tooLarge(info, rules);
      throw invalid(
        `Invalid content size of tensor proto - Expected: ${count * size} bytes; Actual: ${payload.bytes.byteLength} bytes; input name: ${info.name}`,
      );
    case 'values':
      if (payload.count === count) return payload.bytes;
      if (payload.count === 1 && count > 0 && rules.oneValueFills) {
        if (count * size > largestFill) throw tooLarge(info, rules);
        rules.take(count * size);
        return Buffer.alloc(count * size, payload.bytes);
      }
      throw wrongCount(count, payload.count, info, rules);
    case 'strings':
    case 'packed':
      throw wrongCount(count, 0, info, rules);
  }
}

function stringsFor(payload: Payload, count: number, info: TensorInfo, rules: Rules): Strings {
  const strings = stringsIn(payload, info, rules.take);
  const actual = countStrings(strings);
  if (actual === count) {
    rules.take(count * stringOverhead);
    return strings;
  }
  if (actual !== 1 || count === 0 || !rules.oneValueFills) throw wrongCount(count, actual, info, rules);
  const size = count * (stringLength(strings, 0) + stringOverhead);
  if (size > largestFill) throw tooLarge(info, rules);
  rules.take(size);
  return repeated(strings, count);
}

function stringsIn(payload: Payload, { name }: TensorInfo, take: TakeMemory): Strings {
  if (payload.kind === 'packed') return unpackStrings(payload.bytes, name, take);
  return payload.kind === 'strings' ? payload.strings : none;
}

const none = stringsOf([]);

/** Bytes that an element of a string tensor takes beside its characters: here, on the way to the runtime, and there. */
const stringOverhead = 48;

function wrongCount(expected: number, actual: number, info: TensorInfo, { values }: Rules): ServingError {
  return invalid(
    `Invalid number of values in tensor proto container - Expected: ${values(expected)}; Actual: ${values(actual)}; input name: ${info.name}`,
  );
}

function wrongBatch(expected: Dimension, actual: number, info: TensorInfo): ServingError {
  return invalid(
    `Invalid input batch size - Expected: ${printDimension(expected)}; Actual: ${actual}; input name: ${info.name}`,
  );
}

function tooLarge(info: TensorInfo, rules: Rules): ServingError {
  return invalid(`Invalid content size of tensor proto - ${rules.tooLarge}; input name: ${info.name}`);
}

function invalid(message: string): ServingError {
  return new ServingError('invalid-argument', message);
}
