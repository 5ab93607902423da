import {
  type ColorFormat,
  type Conversion,
  colorFormats,
  type PerChannel,
  type Preprocessing,
} from '../model/preprocessing.ts';
import type { NumericPrecision } from '../model/tensor.ts';
import { parseJson } from './parse-json.ts';
import { Problems } from './problems.ts';

/** Element types by the names that these fields have. */
const precisions: ReadonlyMap<string, NumericPrecision> = new Map([
  ['FP64', 'FP64'],
  ['FP32', 'FP32'],
  ['FP16', 'FP16'],
  ['BF16', 'BF16'],
  ['INT64', 'I64'],
  ['INT32', 'I32'],
  ['INT16', 'I16'],
  ['INT8', 'I8'],
  ['UINT64', 'U64'],
  ['UINT32', 'U32'],
  ['UINT16', 'U16'],
  ['UINT8', 'U8'],
]);

/** Their names. */
export const precisionNames: readonly string[] = [...precisions.keys()];

const formats: ReadonlyMap<string, ColorFormat> = new Map(colorFormats.map((format) => [format, format]));

/**
 * `mean`, `scale`, `color_format` and `precision`, as config.json and the command line write them. Anything wrong is added to the
 * problems.
 * @param at the path of a field
 * @returns undefined if none is given
 */
export function readPreprocessing(
  fields: Readonly<Record<'mean' | 'scale' | 'color_format' | 'precision', unknown>>,
  at: (field: string) => string,
  problems: Problems,
): Preprocessing | undefined {
  const mean = readNumbers(fields.mean, at('mean'), problems);
  const scale = readNumbers(fields.scale, at('scale'), problems);
  if (scale !== undefined && [scale].flat().includes(0))
    problems.add(at('scale'), 'numbers other than 0', fields.scale);
  const colors = readConversion(fields.color_format, formats, 'BGR:RGB', at('color_format'), problems);
  const precision = readConversion(fields.precision, precisions, 'uint8:fp32', at('precision'), problems);
  const read = {
    ...(precision && { precision }),
    ...(colors && { colors }),
    ...(mean !== undefined && { mean }),
    ...(scale !== undefined && { scale }),
  };
  return Object.keys(read).length > 0 ? read : undefined;
}

function readNumbers(value: unknown, path: string, problems: Problems): PerChannel | undefined {
  if (value === undefined) return undefined;
  const given = typeof value === 'string' ? parseJson(value, path, new Problems()) : value;
  if (isFloat(given)) return given;
  if (Array.isArray(given) && given.length > 0 && given.every(isFloat)) return given;
  problems.add(path, 'a number, or one for each channel such as "[123.675,116.28,103.53]"', value);
  return undefined;
}

/** Whether it is a number that 32 bits hold: the runtime takes no others. */
function isFloat(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(Math.fround(value));
}

function readConversion<T extends string>(
  value: unknown,
  known: ReadonlyMap<string, T>,
  example: string,
  path: string,
  problems: Problems,
): Conversion<T> | undefined {
  if (value === undefined) return undefined;
  const names = typeof value === 'string' ? value.replaceAll(/\s/g, '').toUpperCase().split(':') : [];
  const [seen, own] = names.map((name) => known.get(name));
  if (names.length === 2 && seen && own) return { seen, own };
  problems.add(path, `TARGET:SOURCE such as "${example}", each one of ${[...known.keys()].join(', ')}`, value);
  return undefined;
}
