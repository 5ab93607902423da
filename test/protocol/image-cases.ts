import { bgr, picture, png } from '../support/picture.ts';
import type { Expected, Message, ProtocolCase } from './protocol-case.ts';
import { infer, tensor } from './tensor-cases.ts';

const image = picture(6, 4);
const other = picture(6, 4, 3, 5);
const [bytes, otherBytes, grey, small] = await Promise.all([
  png(image),
  png(other),
  png(picture(6, 4, 1)),
  png(picture(5, 4)),
]);

const images = (...list: readonly Buffer[]) => ({ b: tensor('STRING', [list.length], list) });
const invalid = (message: Message): Expected => ({
  refusal: 'invalid',
  message,
});

export const imageCases: readonly ProtocolCase[] = [
  {
    name: 'a picture',
    ask: infer('picture', images(bytes)),
    expected: { outputs: { a: tensor('FP32', [1, 4, 6, 3], bgr(image)) } },
  },
  {
    name: 'two pictures',
    ask: infer('pictures', images(bytes, otherBytes)),
    expected: { outputs: { a: tensor('U8', [2, 4, 6, 3], [...bgr(image), ...bgr(other)]) } },
  },
  {
    name: 'more pictures than the batch',
    ask: infer('picture', images(bytes, otherBytes)),
    expected: invalid('Invalid input batch size - Expected: 1; Actual: 2; input name: b'),
  },
  {
    name: 'a picture for an input of planes',
    ask: infer('planes', images(bytes)),
    expected: invalid('Received binary image input but resource not configured to accept NHWC layout'),
  },
  {
    name: 'no picture',
    ask: infer('picture', images(Buffer.from('no picture'))),
    expected: invalid('Image parsing failed'),
  },
  {
    name: 'an empty picture',
    ask: infer('picture', images(Buffer.alloc(0))),
    expected: invalid({
      'TFS gRPC': 'String val is empty',
      'TFS REST': 'String val is empty',
      'KServe gRPC': 'Bytes contents is empty',
      'KServe REST': 'Bytes contents is empty',
    }),
  },
  {
    name: 'a picture of other channels',
    ask: infer('picture', images(grey)),
    expected: invalid('Invalid number of channels in binary input'),
  },
  {
    name: 'pictures of different sizes',
    ask: infer('pictures', images(bytes, small)),
    expected: invalid('Binary input images for this endpoint are required to have the same resolution'),
  },
  {
    name: 'pictures in a tensor of rank 4',
    ask: infer('picture', { b: tensor('STRING', [1, 1, 1, 1], [bytes]) }),
    expected: invalid({
      'TFS gRPC':
        'Invalid number of shape dimensions - Expected number of binary input shape dimensions: 1; Actual: 4; input name: b',
      'TFS REST':
        'Invalid number of shape dimensions - Expected number of binary input shape dimensions: 1; Actual: 4; input name: b',
      'KServe gRPC':
        'Invalid number of shape dimensions - Expected number of input shape dimensions: 1; Actual: 4; input name: b',
      'KServe REST':
        'Invalid number of shape dimensions - Expected number of input shape dimensions: 1; Actual: 4; input name: b',
    }),
  },
  {
    name: 'fewer pictures than the shape says',
    ask: infer('pictures', { b: tensor('STRING', [2], [bytes]) }),
    expected: invalid('Invalid input batch size'),
  },
];
