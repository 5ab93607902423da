import type { Expected, Message, ProtocolCase } from './protocol-case.ts';
import { infer, tensor } from './tensor-cases.ts';

const invalid = (message: Message): Expected => ({
  refusal: 'invalid',
  message,
});
/** The same, but that KServe counts values in words. */
const counted = (expected: number, actual: number) => {
  const kserve = `Invalid number of values in tensor proto container - Expected: ${expected} values; Actual: ${actual} values; input name: b`;
  return {
    'TFS gRPC': `Invalid number of values in tensor proto container - Expected: ${expected}; Actual: ${actual}; input name: b`,
    'KServe gRPC': kserve,
    'KServe REST': kserve,
  };
};
/** Of 32-bit floats: where they come as bytes, those are counted. */
const measured = (expected: number, actual: number) => {
  const bytes = `Invalid content size of tensor proto - Expected: ${4 * expected} bytes; Actual: ${4 * actual} bytes; input name: b`;
  return {
    ...counted(expected, actual),
    'TFS gRPC, tensor_content': bytes,
    'KServe gRPC, raw': bytes,
    'KServe gRPC, a stream': bytes,
    'KServe REST, binary': bytes,
  };
};
const floats = (shape: readonly number[], count: number) => tensor('FP32', shape, Array(count).fill(1));
const b = floats([1, 3], 3);
const noTypes = 'numbers have the type of the input they are for';
const passedOver = 'inputs that the model does not have are passed over';

export const refusedCases: readonly ProtocolCase[] = [
  {
    name: 'no inputs',
    ask: infer('m', {}),
    expected: invalid({
      'TFS gRPC': 'Invalid number of inputs - Expected: 1; Actual: 0',
      'TFS REST': 'Invalid JSON structure, missing inputs',
      'KServe gRPC': 'Invalid number of inputs - Expected: 1; Actual: 0',
      'KServe REST': 'Invalid JSON structure, missing inputs',
    }),
  },
  {
    name: 'an input too many',
    ask: infer('m', { b, c: b }),
    expected: invalid('Invalid number of inputs - Expected: 1; Actual: 2'),
    not: { 'TFS REST': passedOver },
  },
  {
    name: 'an input too few',
    ask: infer('two', { b: floats([1, 2], 2) }),
    expected: invalid('Invalid number of inputs - Expected: 2; Actual: 1'),
  },
  {
    name: 'an input of another name',
    ask: infer('m', { c: b }),
    expected: invalid('Missing input with specific name - Required input: b'),
    not: { 'TFS REST': passedOver },
  },
  {
    name: 'a size below zero',
    ask: infer('m', { b: floats([-1, 3], 3) }),
    expected: invalid('Invalid input shape - Negative or zero dimension size is not acceptable: (-1,3); input name: b'),
  },
  {
    name: 'another type',
    ask: infer('m', { b: tensor('I32', [1, 3], [1, 2, 3]) }),
    expected: invalid({
      'TFS gRPC': 'Invalid input precision - Expected: FP32; Actual: I32; input name: b',
      'KServe gRPC': 'Invalid input precision - Expected: FP32; Actual: INT32; input name: b',
      'KServe REST': 'Invalid input precision - Expected: FP32; Actual: INT32; input name: b',
    }),
    not: { 'TFS REST': noTypes },
  },
  {
    name: 'texts for numbers',
    ask: infer('m', { b: tensor('STRING', [3], ['x', 'y', 'z']) }),
    expected: invalid({
      'TFS gRPC': 'Invalid input precision - Expected: FP32; Actual: STRING; input name: b',
      'TFS REST': 'Invalid input precision - Expected: FP32; Actual: STRING; input name: b',
      'KServe gRPC': 'Invalid input precision - Expected: FP32; Actual: BYTES; input name: b',
      'KServe REST': 'Invalid input precision - Expected: FP32; Actual: BYTES; input name: b',
    }),
  },
  {
    name: 'numbers for texts',
    ask: infer('texts', { b: tensor('I32', [2], [1, 2]) }),
    expected: invalid({
      'TFS gRPC': 'Invalid input precision - Expected: STRING; Actual: I32; input name: b',
      'TFS REST, inputs': 'Could not parse input content. Not valid ndarray detected',
      'TFS REST, instances': 'Could not parse instance content. Not valid ndarray detected',
      'KServe gRPC': 'Invalid input precision - Expected: STRING; Actual: INT32; input name: b',
      'KServe REST': 'Invalid input precision - Expected: STRING; Actual: INT32; input name: b',
    }),
  },
  {
    name: 'another rank',
    ask: infer('m', { b: floats([3], 3) }),
    expected: invalid('Invalid number of shape dimensions - Expected: (1,3); Actual: (3); input name: b'),
  },
  {
    name: 'another batch',
    ask: infer('m', { b: floats([2, 3], 6) }),
    expected: invalid('Invalid input batch size - Expected: 1; Actual: 2; input name: b'),
  },
  {
    name: 'another size',
    ask: infer('m', { b: floats([1, 4], 4) }),
    expected: invalid('Invalid input shape - Expected: (1,3); Actual: (1,4); input name: b'),
  },
  {
    name: 'nothing, where there must be something',
    ask: infer('m', { b: floats([1, 0], 0) }),
    expected: invalid('Invalid input shape - Expected: (1,3); Actual: (1,0); input name: b'),
  },
  {
    name: 'a size above its range',
    ask: infer('range', { b: floats([6, 1], 6) }),
    expected: invalid('Invalid input shape - Expected: ([1~5],-1); Actual: (6,1); input name: b'),
  },
  {
    name: 'a size below its range',
    ask: infer('range', { b: floats([0, 1], 0) }),
    expected: invalid('Invalid input shape - Expected: ([1~5],-1); Actual: (0,1); input name: b'),
  },
  {
    name: 'fewer numbers than the shape says',
    ask: infer('m', { b: floats([1, 3], 2) }),
    expected: invalid(measured(3, 2)),
  },
  {
    name: 'more numbers than the shape says',
    ask: infer('m', { b: floats([1, 3], 4) }),
    expected: invalid(measured(3, 4)),
  },
  {
    name: 'no numbers, where there must be some',
    ask: infer('m', { b: floats([1, 3], 0) }),
    expected: invalid({
      ...measured(3, 0),
      // Values of which there are none are bytes of which there are none.
      'TFS gRPC, values': measured(3, 0)['TFS gRPC, tensor_content'],
    }),
  },
  {
    name: 'fewer texts than the shape says',
    ask: infer('texts', { b: tensor('STRING', [3], ['x', 'y']) }),
    expected: invalid(counted(3, 2)),
  },
  {
    name: 'more texts than the shape says',
    ask: infer('texts', { b: tensor('STRING', [1], ['x', 'y']) }),
    expected: invalid(counted(1, 2)),
  },
  {
    name: 'texts in a tensor of rank 2, for rows of bytes',
    ask: infer('rows', { b: tensor('STRING', [1, 1], ['x']) }),
    expected: invalid({
      'TFS gRPC':
        'Invalid number of shape dimensions - Expected number of binary input shape dimensions: 1; Actual: 2; input name: b',
      'TFS REST':
        'Invalid number of shape dimensions - Expected number of binary input shape dimensions: 1; Actual: 2; input name: b',
      'KServe gRPC':
        'Invalid number of shape dimensions - Expected number of input shape dimensions: 1; Actual: 2; input name: b',
      'KServe REST':
        'Invalid number of shape dimensions - Expected number of input shape dimensions: 1; Actual: 2; input name: b',
    }),
  },
  {
    name: 'a shape that nobody can count',
    ask: infer('range', { b: floats([5, Number.MAX_SAFE_INTEGER], 1) }),
    expected: invalid({
      'TFS gRPC': 'Invalid content size of tensor proto - Shape dimensions are too large; input name: b',
      'KServe gRPC': 'Invalid content size of tensor proto - Shape dimensions overflow; input name: b',
      'KServe REST': 'Invalid content size of tensor proto - Shape dimensions overflow; input name: b',
    }),
  },
  {
    name: 'the first wrong input by its name',
    ask: infer('two', { c: floats([9], 9), b: floats([2], 2) }),
    expected: invalid('Invalid number of shape dimensions - Expected: (1,2); Actual: (2); input name: b'),
  },
  {
    name: 'an output that is not there',
    ask: infer('m', { b }, { outputs: ['z'] }),
    expected: invalid('Invalid output filter - Expected: one of a; Actual: z'),
  },
  {
    name: 'an output twice',
    ask: infer('m', { b }, { outputs: ['a', 'a'] }),
    expected: invalid('Invalid output filter - Expected: each output once; Actual: a twice'),
  },
];
