import type { NodeParameters, NodeTensor, OpenNode } from '../node-module.ts';
import { cutOut, readBoxParameters, readMostBoxes } from './boxes.ts';
import { detectionLength, readDetections } from './detections.ts';
import { imageAt, shapeOf } from './float-image.ts';
import { ReadParameters } from './read-parameters.ts';

/** Cuts out of a picture what an SSD model of the Open Model Zoo has found in it. */
export function open(parameters: NodeParameters): OpenNode {
  const read = new ReadParameters(parameters);
  const known = readBoxParameters(read);
  const most = readMostBoxes(read);
  const wanted = read.integer('filter_label_id', { min: -1, otherwise: -1 });
  const { original, originalLayout, target, targetLayout, confidenceThreshold } = known;
  const label = wanted === -1 ? undefined : wanted;
  return {
    inputs: {
      image: { precision: 'FP32', shape: shapeOf(originalLayout, original) },
      detection: { precision: 'FP32', shape: [1, 1, -1, detectionLength] },
    },
    outputs: {
      images: { precision: 'FP32', shape: [-1, ...shapeOf(targetLayout, target)] },
      coordinates: { precision: 'FP32', shape: [-1, 1, 4] },
      confidences: { precision: 'FP32', shape: [-1, 1, 1] },
      label_ids: { precision: 'I32', shape: [-1, 1, 1] },
    },
    execute({ image, detection }: Readonly<Record<'image' | 'detection', NodeTensor<Float32Array>>>) {
      const found = readDetections(detection.data, original, { confidenceThreshold, label }).slice(0, most);
      const picture = imageAt(image.data, originalLayout, original);
      const boxes = found.map(({ box }) => box);
      const count = found.length;
      return {
        images: cutOut(picture, boxes, known),
        coordinates: { shape: [count, 1, 4], data: Float32Array.from(found.flatMap(({ place }) => place)) },
        confidences: { shape: [count, 1, 1], data: Float32Array.from(found, ({ confidence }) => confidence) },
        label_ids: { shape: [count, 1, 1], data: Int32Array.from(found, ({ label: id }) => id) },
      };
    },
  };
}
