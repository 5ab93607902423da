import { compareNames, type Dimension, type TensorInfo } from '../../model/signature.ts';
import { bytesPerElement, type Precision } from '../../model/tensor.ts';

const any: Dimension = { min: 0, max: Number.POSITIVE_INFINITY };

/**
 * What a node says of its inputs or outputs, in the order of their names.
 * @param what `inputs` or `outputs`
 * @throws Error that says what is wrong with it
 */
export function readSpecs(specs: unknown, what: string): TensorInfo[] {
  if (!isObject(specs)) throw new Error(`${what} - Expected: an object; Actual: ${print(specs)}`);
  const names = Object.keys(specs).sort(compareNames);
  if (names.length === 0) throw new Error(`${what} - Expected: at least one; Actual: none`);
  return names.map((name) => readSpec(name, specs[name], `${what}.${name}`));
}

function readSpec(name: string, spec: unknown, at: string): TensorInfo {
  if (!isObject(spec)) throw new Error(`${at} - Expected: an object with precision and shape; Actual: ${print(spec)}`);
  const { precision, shape } = spec;
  if (!isPrecision(precision)) {
    const known = [...Object.keys(bytesPerElement), 'STRING'].join(', ');
    throw new Error(`${at}.precision - Expected: one of ${known}; Actual: ${print(precision)}`);
  }
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && size >= -1)) {
    throw new Error(`${at}.shape - Expected: a list of sizes, -1 where any goes; Actual: ${print(shape)}`);
  }
  return { name, precision, shape: shape.map((size) => (size < 0 ? any : { min: size, max: size })), layout: '...' };
}

function isPrecision(value: unknown): value is Precision {
  return typeof value === 'string' && (value === 'STRING' || Object.hasOwn(bytesPerElement, value));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function print(value: unknown): string {
  return value === undefined ? 'nothing' : String(JSON.stringify(value)).slice(0, 100);
}
