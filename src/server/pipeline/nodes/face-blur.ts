import type { NodeParameters, NodeTensor, OpenNode } from '../node-module.ts';
import { readBoxParameters } from './boxes.ts';
import { detectionLength, readDetections } from './detections.ts';
import { createImage, imageAt, shapeOf } from './float-image.ts';
import { blur, gaussianKernel } from './gaussian-blur.ts';
import { ReadParameters } from './read-parameters.ts';
import { resize } from './resize.ts';

/** A kernel beyond this would be larger than any picture. */
const largestKernel = 9999;

/** Blurs what an SSD model of the Open Model Zoo has found in a picture. */
export function open(parameters: NodeParameters): OpenNode {
  const read = new ReadParameters(parameters);
  const { original, originalLayout, target: sizes, targetLayout, confidenceThreshold } = readBoxParameters(read);
  const target = { ...sizes, channels: 3 };
  const size = read.integer('gaussian_blur_kernel_size', { min: 1, max: largestKernel });
  if (size % 2 === 0) throw new Error(`parameter gaussian_blur_kernel_size - Expected: an odd number; Actual: ${size}`);
  const kernel = gaussianKernel(size);
  return {
    inputs: {
      image: { precision: 'FP32', shape: shapeOf(originalLayout, original) },
      detection: { precision: 'FP32', shape: [1, 1, -1, detectionLength] },
    },
    outputs: { image: { precision: 'FP32', shape: shapeOf(targetLayout, target) } },
    execute({ image, detection }: Readonly<Record<'image' | 'detection', NodeTensor<Float32Array>>>) {
      const picture = imageAt(image.data.slice(), originalLayout, original);
      for (const { box } of readDetections(detection.data, original, { confidenceThreshold })) {
        blur(picture, box, kernel);
      }
      const result = createImage(target, targetLayout);
      resize(picture, result);
      return { image: { shape: shapeOf(targetLayout, target), data: result.samples } };
    },
  };
}
