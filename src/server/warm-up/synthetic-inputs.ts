import { isStatic, type Signature } from '../model/signature.ts';
import { repeated, stringsOf } from '../model/strings.ts';
import { bytesPerElement, elementCount, type Tensor } from '../model/tensor.ts';

/** Bytes that inputs may take: some models are to be asked for less than all they allow. */
const mostBytes = 2 ** 30;

/**
 * Zeros and empty strings for every input, in the order of the signature; dimensions that are open have their least size, but 1 rather
 * than 0.
 * @throws Error that says why there are none
 */
export function syntheticInputs({ inputs }: Signature): Tensor[] {
  return inputs.map(({ name, precision, shape }) => {
    if (!shape) throw new Error(`input ${name} has no fixed rank`);
    const sizes = shape.map((size) => (isStatic(size) ? size.min : Math.max(1, size.min)));
    const count = elementCount(sizes) ?? Number.POSITIVE_INFINITY;
    const bytes = count * (precision === 'STRING' ? Uint32Array.BYTES_PER_ELEMENT * 2 : bytesPerElement[precision]);
    if (bytes > mostBytes) throw new Error(`input ${name} takes more than ${mostBytes} bytes`);
    if (precision === 'STRING')
      return { precision, shape: sizes, strings: repeated(stringsOf([Buffer.alloc(0)]), count) };
    return { precision, shape: sizes, data: new Uint8Array(new ArrayBuffer(bytes)) };
  });
}
