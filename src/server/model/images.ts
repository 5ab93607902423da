import type { TakeMemory } from './inference.ts';
import { expand, fits } from './layout.ts';
import { accepts, type TensorInfo } from './signature.ts';
import type { Strings } from './strings.ts';
import type { NumericPrecision, NumericTensor } from './tensor.ts';

/** Encoded images, one for each place of the batch, for an input that takes them. */
export interface EncodedImages {
  readonly images: Strings;
  readonly info: TensorInfo;
}

/**
 * Makes one tensor of images, valid for the input, with channels in OpenCV's order: blue, green, red. It is the caller's alone.
 * @param images none of them empty; as many as the batch takes. Their bytes must not change until it is done
 * @throws ServingError `invalid-argument` if they cannot be decoded or do not fit the input; the signal's reason; what
 *   `takeMemory` throws
 */
export type DecodeImages = (
  images: EncodedImages,
  call: { readonly takeMemory: TakeMemory; readonly signal?: AbortSignal },
) => Promise<NumericTensor>;

/** Element types that pixels become. */
const precisions: ReadonlySet<string> = new Set<NumericPrecision>([
  'FP32',
  'FP64',
  'FP16',
  'I32',
  'I16',
  'I8',
  'U16',
  'U8',
]);

/** Whether an input may be sent as encoded images, as far as its type says: of rank 4, or 5 where each image is one of several inputs. */
export function takesImages({ precision, shape }: TensorInfo): boolean {
  const isEach = shape?.length === 5 && accepts(shape[1]!, 1);
  return (shape?.length === 4 || isEach) && precisions.has(precision);
}

/** Whether an input says that it is for images: its clients may send them encoded. */
export function expectsImages(info: TensorInfo): boolean {
  return (
    takesImages(info) && info.shape!.length === 4 && expand(info.layout, info.shape!.length)?.endsWith('HWC') === true
  );
}

/** Whether its dimensions may be what images have: the batch first, then height, width and channels. */
export function hasImageLayout({ layout, shape }: TensorInfo): boolean {
  const letters = expand(layout, shape!.length);
  return letters !== undefined && fits(letters, expand('N...HWC', shape!.length)!);
}
