import type { NumericPrecision, Precision } from '../../src/server/model/tensor.ts';
import { datatypes as added } from '../support/protocol-models.ts';
import type { PlainTensor, Value } from './plain-tensor.ts';
import type { Ask, ProtocolCase } from './protocol-case.ts';

export function tensor(precision: Precision, shape: readonly number[], values: readonly Value[]): PlainTensor {
  return { precision, shape, values };
}

export function infer(model: string, inputs: Ask['inputs'], more: Partial<Ask> = {}): Ask {
  return { what: 'infer', model, inputs, ...more };
}

const wide: readonly NumericPrecision[] = ['I64', 'U64'];
const numbers = (precision: NumericPrecision, values: readonly number[]): readonly Value[] =>
  wide.includes(precision) ? values.map(BigInt) : values;

/** `add_TYPE` adds one, in that type. */
const sums = Object.entries(added).map(([precision, datatype]): ProtocolCase => {
  const of = (values: readonly number[]) =>
    tensor(precision as Precision, [2, 3], numbers(precision as NumericPrecision, values));
  return {
    name: `${precision}: adds one`,
    ask: infer(`add_${datatype}`, { b: of([0, 1, 2, 3, 4, 100]) }),
    expected: { outputs: { a: of([1, 2, 3, 4, 5, 101]) } },
  };
});

const none = Object.entries(added).map(([precision, datatype]): ProtocolCase => {
  const empty = tensor(precision as Precision, [0, 3], []);
  return {
    name: `${precision}: no rows`,
    ask: infer(`add_${datatype}`, { b: empty }),
    expected: { outputs: { a: empty } },
  };
});

/**
 * What each type has at its ends: `same_TYPE` gives it back. OpenVINO's CPU device computes I64 and U64 in 32 bits, with their sign, and
 * FP64 in FP32, which has it cut infinities to the largest numbers: these are the ends that come through.
 */
const ends: readonly [precision: Precision, what: string, values: readonly Value[]][] = [
  ['BOOL', 'both', [true, false, true]],
  ['I8', 'ends', [-128, -1, 0, 127]],
  ['I16', 'ends', [-32_768, -1, 0, 32_767]],
  ['I32', 'ends', [-2_147_483_648, -1, 0, 2_147_483_647]],
  ['I64', 'ends', [-2_147_483_648n, -1n, 0n, 2_147_483_647n]],
  ['U8', 'ends', [0, 128, 255]],
  ['U16', 'ends', [0, 32_768, 65_535]],
  ['U32', 'ends', [0, 2_147_483_648, 4_294_967_295]],
  ['U64', 'ends', [0n, 2_147_483_647n, 18_446_744_071_562_067_968n, 18_446_744_073_709_551_615n]],
  ['FP16', 'ends', [-65_504, 2 ** -14, 65_504, 0.1]],
  ['BF16', 'ends', [-(2 ** 127), 2 ** -126, 1.5, -3.140625]],
  ['FP32', 'ends', [-3.4028234663852886e38, 2 ** -126, 0.1, 16_777_217]],
  ['FP64', 'ends', [-3.4028234663852886e38, 2 ** -126, 0.5, 16_777_215]],
  ...(['FP16', 'BF16', 'FP32'] as const).map(
    (precision) =>
      [precision, 'no finite numbers', [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0]] as [
        Precision,
        string,
        Value[],
      ],
  ),
  ['FP64', 'no finite numbers', [Number.NaN, -0]],
  ['STRING', 'texts', ['one', '', 'größer " \\ \n\u{1f600}', 'a\0b', 'x'.repeat(1000)]],
  ['STRING', 'bytes', [Buffer.from(Array.from({ length: 256 }, (_, i) => i)), Buffer.of(0xff), Buffer.alloc(0)]],
];

const same = ends.flatMap(([precision, what, values]): ProtocolCase[] =>
  [values, []].map((each) => {
    const given = tensor(precision, [each.length], each);
    return {
      name: each.length > 0 ? `${precision}: ${what}` : `${precision}: nothing, where there may be ${what}`,
      ask: infer(`same_${precision}`, { b: given }),
      expected: { outputs: { a: given } },
    };
  }),
);

const wideEnds = [
  -9_223_372_036_854_775_808n,
  -9_007_199_254_740_993n,
  9_007_199_254_740_993n,
  9_223_372_036_854_775_807n,
];
const fp32 = (shape: readonly number[], ...values: number[]) => tensor('FP32', shape, values);
const two = { b: fp32([1, 2], 1, 2), c: fp32([1, 2], -5, 6) };
const a = fp32([1, 2], 2, 3);
const d = fp32([1, 2], 0, 6);

export const tensorCases: readonly ProtocolCase[] = [
  ...sums,
  ...none,
  ...same,
  {
    // Were the input read by way of a double, or cut to 32 bits too early, other bits would be left.
    name: 'I64: ends of 64 bits, of which the device keeps the lower half',
    ask: infer('same_I64', { b: tensor('I64', [4], wideEnds) }),
    expected: {
      outputs: {
        a: tensor(
          'I64',
          [4],
          wideEnds.map((value) => BigInt.asIntN(32, value)),
        ),
      },
    },
  },
  {
    name: 'a scalar',
    ask: infer('scalar', { b: fp32([], 1.5) }),
    expected: { outputs: { a: fp32([], 2.5) } },
  },
  {
    name: 'the smallest of a dimension that has a range, and nothing of one that may have any size',
    ask: infer('range', { b: fp32([1, 0]) }),
    expected: { outputs: { a: fp32([1, 0]) } },
  },
  {
    name: 'the largest of a dimension that has a range',
    ask: infer('range', { b: fp32([5, 2], 1, 2, 3, 4, 5, 6, 7, 8, 9, 10) }),
    expected: { outputs: { a: fp32([5, 2], 2, 3, 4, 5, 6, 7, 8, 9, 10, 11) } },
  },
  {
    name: 'several inputs and outputs',
    ask: infer('two', two),
    expected: { outputs: { a, d } },
  },
  {
    name: 'inputs in another order',
    ask: infer('two', { c: two.c, b: two.b }),
    expected: { outputs: { a, d } },
  },
  {
    name: 'one output of several',
    ask: infer('two', two, { outputs: ['d'] }),
    expected: { outputs: { d } },
  },
  {
    name: 'outputs in the order that is asked for',
    ask: infer('two', two, { outputs: ['d', 'a'] }),
    expected: { outputs: { d, a } },
  },
  {
    name: 'texts as rows of bytes',
    ask: infer('rows', { b: tensor('STRING', [3], ['one', '', 'größer']) }),
    expected: { outputs: { a_string: tensor('STRING', [3], ['one', '', 'größer']) } },
  },
  {
    name: 'rows of bytes, as texts',
    ask: infer('rows', { b: tensor('U8', [2, 2], [65, 0, 66, 67]) }),
    expected: { outputs: { a_string: tensor('STRING', [2], ['A', 'BC']) } },
  },
  {
    name: 'what goes in and comes out of two',
    ask: { what: 'metadata', model: 'two', inputs: {} },
    expected: {
      metadata: {
        inputs: { b: { precision: 'FP32', shape: [1, 2] }, c: { precision: 'FP32', shape: [1, 2] } },
        outputs: { a: { precision: 'FP32', shape: [1, 2] }, d: { precision: 'FP32', shape: [1, 2] } },
      },
    },
  },
  {
    name: 'what goes into sizes of a range, and of any',
    ask: { what: 'metadata', model: 'range', inputs: {} },
    expected: {
      metadata: {
        inputs: { b: { precision: 'FP32', shape: [-1, -1] } },
        outputs: { a: { precision: 'FP32', shape: [-1, -1] } },
      },
    },
  },
  {
    name: 'what goes into a scalar',
    ask: { what: 'metadata', model: 'scalar', inputs: {} },
    expected: {
      metadata: { inputs: { b: { precision: 'FP32', shape: [] } }, outputs: { a: { precision: 'FP32', shape: [] } } },
    },
  },
];
