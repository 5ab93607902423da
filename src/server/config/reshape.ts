import { anySize, type InputShape, type Reshape } from '../model/reshape.ts';
import type { Dimension } from '../model/signature.ts';
import { parseJson } from './parse-json.ts';
import { isObject, type Problems } from './problems.ts';

/** The largest size that a dimension may be given. */
const mostSize = 2 ** 31 - 1;

const expectedSize = 'an integer ≥ 1, -1 for any size, a range such as "1:8", or "auto"';
const expectedShape = 'a shape such as "(1,3,200:500,-1)", or "auto"';

export interface ReadReshape {
  readonly reshape?: Reshape;
  /** Whether any of it is `auto`. */
  readonly isAuto: boolean;
  /** What the user should know of how it is taken. */
  readonly notes: readonly string[];
}

/**
 * `batch_size` and `shape`, as config.json and the command line write them; undefined where they are not given. Anything wrong is
 * added to the problems.
 * @param at the path of a field
 */
export function readReshape(
  fields: { readonly batch_size: unknown; readonly shape: unknown },
  at: (field: string) => string,
  problems: Problems,
): ReadReshape {
  const notes: string[] = [];
  const size = readBatchSize(fields.batch_size, at('batch_size'), problems, notes);
  const shapes = readShapes(fields.shape, at('shape'), problems, notes);
  const isAuto = notes.length > 0;
  if (size && shapes) notes.push(`${at('batch_size')}: ignored, since ${at('shape')} is given`);
  const reshape = shapes ?? (size && { kind: 'batch', size });
  return reshape ? { reshape, isAuto, notes } : { isAuto, notes };
}

function readBatchSize(value: unknown, path: string, problems: Problems, notes: string[]): Dimension | undefined {
  if (value === undefined || value === 0 || value === '0') return undefined;
  if (value === 'auto') {
    notes.push(`${path}: "auto" is taken as -1, any size`);
    return anySize;
  }
  const size = typeof value === 'string' || typeof value === 'number' ? sizeOf(String(value)) : undefined;
  if (!size) problems.add(path, expectedSize, value);
  return size;
}

function readShapes(value: unknown, path: string, problems: Problems, notes: string[]): Reshape | undefined {
  if (value === undefined) return undefined;
  const isJson = typeof value === 'string' && value.trimStart().startsWith('{');
  const given = isJson ? parseJson(value, path, problems) : value;
  if (!isObject(given)) {
    if (given === undefined) return undefined;
    const shape = readShape(given, path, `${expectedShape}, or an object of shapes by input`, problems, notes);
    return shape && { kind: 'shape', shape };
  }
  const shapes = Object.entries(given).flatMap(([input, text]) => {
    const shape = readShape(text, `${path}.${input}`, expectedShape, problems, notes);
    return shape ? [{ input, shape }] : [];
  });
  return shapes.length > 0 ? { kind: 'shapes', shapes } : undefined;
}

function readShape(
  value: unknown,
  path: string,
  expected: string,
  problems: Problems,
  notes: string[],
): InputShape | undefined {
  if (value === 'auto') {
    notes.push(`${path}: "auto" is taken as dimensions of any size`);
    return 'dynamic';
  }
  const inner = typeof value === 'string' ? /^\((.*)\)$/.exec(value.replaceAll(/\s/g, ''))?.[1] : undefined;
  const shape = inner?.split(',').map(sizeOf);
  if (shape?.every((size) => size !== undefined)) return shape;
  problems.add(path, expected, value);
  return undefined;
}

function sizeOf(text: string): Dimension | undefined {
  if (text === '-1') return anySize;
  const [, first, second = first] = /^(\d+)(?::(\d+))?$/.exec(text) ?? [];
  const [min, max] = [Number(first), Number(second)];
  const isRange = text.includes(':');
  return min >= (isRange ? 0 : 1) && max >= Math.max(1, min) && max <= mostSize ? { min, max } : undefined;
}
