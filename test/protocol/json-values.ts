import { isUtf8 } from 'node:buffer';
import type { Precision } from '../../src/server/model/tensor.ts';
import { type ExactJson, ExactNumber } from './exact-json.ts';
import { countOf, type PlainTensor, type Value } from './plain-tensor.ts';

/** An element as both REST protocols have it. */
export function writeValue(value: Value): string {
  if (Buffer.isBuffer(value)) {
    return isUtf8(value) ? JSON.stringify(String(value)) : `{"b64": "${value.toString('base64')}"}`;
  }
  if (typeof value === 'string') return JSON.stringify(value);
  return Object.is(value, -0) ? '-0.0' : String(value);
}

/** Nested arrays, by the shape. */
export function writeNested({ shape, values }: PlainTensor, begin = 0): string {
  const [size, ...inner] = shape;
  if (size === undefined) return writeValue(values[begin]!);
  const stride = countOf(inner);
  const rows = Array.from({ length: size }, (_, i) =>
    writeNested({ precision: 'FP32', shape: inner, values }, begin + i * stride),
  );
  return `[${rows.join(', ')}]`;
}

export function readValue(json: ExactJson, precision: Precision): Value {
  if (json instanceof ExactNumber) {
    if (precision === 'I64' || precision === 'U64') return BigInt(json.text);
    return Number(json.text);
  }
  if (typeof json === 'string' || typeof json === 'boolean') return json;
  const { b64 } = json as { b64: string };
  return Buffer.from(b64, 'base64');
}

/** A tensor out of nested arrays, which tell its shape. */
export function readNested(json: ExactJson, precision: Precision): PlainTensor {
  const shape: number[] = [];
  let level = json;
  while (Array.isArray(level)) {
    shape.push(level.length);
    if (level.length === 0) break;
    level = level[0]!;
  }
  return { precision, shape, values: flat(json).map((value) => readValue(value, precision)) };
}

function flat(json: ExactJson): ExactJson[] {
  return Array.isArray(json) ? json.flatMap(flat) : [json];
}

/** Why nested arrays cannot say this tensor. */
export function notNested({ shape, values }: PlainTensor): string | undefined {
  if (shape.some((size) => size < 0) || countOf(shape) !== values.length)
    return 'arrays have as many elements as they have';
  const empty = shape.indexOf(0);
  if (empty >= 0 && empty < shape.length - 1) return 'arrays do not say what is within no rows';
  return undefined;
}
