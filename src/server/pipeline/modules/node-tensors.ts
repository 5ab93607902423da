import { type Strings, stringAt, stringsOf } from '../../model/strings.ts';
import type { Tensor } from '../../model/tensor.ts';
import type { NodeTensor } from '../node-module.ts';
import { bytesOf, elementsOf } from './elements.ts';
import type { GivenTensor, SentTensor } from './messages.ts';

/** The longest shape that is passed on; a longer one fits no output. */
const mostDimensions = 64;

/** A tensor as a node takes it, without a copy where its bytes lie well. */
export function toNodeTensor(tensor: Tensor): NodeTensor {
  const { shape } = tensor;
  if (tensor.precision === 'STRING') return { shape, data: listOf(tensor.strings) };
  return { shape, data: elementsOf(tensor.precision, tensor.data) };
}

/** A copy for a worker, whose memory can go with the message. */
export function toSent(name: string, tensor: Tensor): SentTensor {
  const { precision, shape } = tensor;
  if (tensor.precision !== 'STRING') return { name, precision, shape, bytes: new Uint8Array(tensor.data) };
  const { bytes, ranges } = tensor.strings;
  const list = Array.from({ length: ranges.length / 2 }, (_, i) => bytes.subarray(ranges[2 * i], ranges[2 * i + 1]));
  const copy = stringsOf(list);
  return { name, precision, shape, bytes: new Uint8Array(copy.bytes), ranges: copy.ranges };
}

/** What a worker got, as its module takes it. */
export function fromSent({ precision, shape, bytes, ranges }: SentTensor): NodeTensor {
  if (precision !== 'STRING') return { shape, data: elementsOf(precision, bytes) };
  const { buffer, byteOffset, byteLength } = bytes;
  return { shape, data: listOf({ bytes: Buffer.from(buffer, byteOffset, byteLength), ranges: ranges! }) };
}

/**
 * Whatever a module gave for an output, in a form that says what it is.
 * @param keep whether the memory may be kept as it is; else it is copied, since the module may use it again
 */
export function toGiven(value: unknown, { keep }: { readonly keep: boolean }): GivenTensor {
  const { shape: sizes, data } = (value ?? {}) as { shape?: unknown; data?: unknown };
  const isShape = Array.isArray(sizes) && sizes.length <= mostDimensions && sizes.every(isSize);
  const shape = isShape ? [...(sizes as number[])] : undefined;
  if (ArrayBuffer.isView(data)) {
    const bytes = bytesOf(data);
    return { shape, array: data.constructor.name, bytes: keep ? bytes : new Uint8Array(bytes) };
  }
  if (Array.isArray(data) && data.every((item) => typeof item === 'string' || item instanceof Uint8Array)) {
    const { bytes, ranges } = stringsOf(data.map((item) => (typeof item === 'string' ? Buffer.from(item) : item)));
    return { shape, array: 'strings', bytes: new Uint8Array(bytes), ranges };
  }
  return { shape, array: undefined, bytes: new Uint8Array() };
}

function isSize(size: unknown): boolean {
  return Number.isSafeInteger(size) && (size as number) >= 0;
}

function listOf(strings: Strings): Uint8Array[] {
  return Array.from({ length: strings.ranges.length / 2 }, (_, i) => stringAt(strings, i));
}
