import fc from 'fast-check';
import type { NamedTensor } from '../../src/server/model/inference.ts';
import { stringsOf } from '../../src/server/model/strings.ts';
import { bytesPerElement, elementCount, type NumericPrecision, type Tensor } from '../../src/server/model/tensor.ts';
import { name } from './arbitrary-message.ts';

/** Few elements, or none in a shape of sizes that take many bytes. */
const shape = fc.oneof(
  fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }),
  fc.tuple(fc.constant(0), fc.constantFrom(127, 128, 2 ** 31, 2 ** 32, 2 ** 53 - 1)),
  fc.constantFrom([127], [128], [16_384]),
);

const tensor: fc.Arbitrary<Tensor> = fc.oneof(
  fc
    .tuple(fc.constantFrom(...(Object.keys(bytesPerElement) as NumericPrecision[])), shape, fc.nat(255))
    .map(([precision, sizes, fill]) => {
      const data = Buffer.alloc(elementCount(sizes)! * bytesPerElement[precision], Buffer.of(fill, 1, 2));
      return { precision, shape: sizes, data };
    }),
  fc
    .array(fc.uint8Array({ maxLength: 200 }), { maxLength: 4 })
    .map((strings) => ({ precision: 'STRING' as const, shape: [strings.length], strings: stringsOf(strings) })),
);

/** What models give: tensors of every type, by names that differ. */
export const outputs: fc.Arbitrary<NamedTensor[]> = fc.uniqueArray(fc.record({ name, tensor }), {
  selector: (output) => output.name,
  maxLength: 4,
});
