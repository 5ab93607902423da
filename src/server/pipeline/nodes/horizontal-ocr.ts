import type { NodeParameters, NodeTensor, OpenNode } from '../node-module.ts';
import { type BoxParameters, cutOut, insideOf, readBoxParameters, readMostBoxes } from './boxes.ts';
import { type ImageSize, imageAt, type Rectangle, shapeOf } from './float-image.ts';
import { ReadParameters } from './read-parameters.ts';

interface Line {
  readonly box: Rectangle;
  readonly score: number;
}

/** Numbers of a box: left, top, right, bottom, score. */
const rowLength = 5;

/** Cuts out of a picture the lines of text that horizontal-text-detection has found in it. */
export function open(parameters: NodeParameters): OpenNode {
  const read = new ReadParameters(parameters);
  const known = readBoxParameters(read);
  const most = readMostBoxes(read);
  const { original, originalLayout } = known;
  return {
    inputs: {
      image: { precision: 'FP32', shape: shapeOf(originalLayout, original) },
      boxes: { precision: 'FP32', shape: [-1, rowLength] },
    },
    outputs: textOutputs(known),
    execute({ image, boxes }: Readonly<Record<'image' | 'boxes', NodeTensor<Float32Array>>>) {
      const lines = readLines(boxes.data, original, known.confidenceThreshold).slice(0, most);
      const places = lines.map(({ box }) => box);
      return {
        text_images: cutOut(imageAt(image.data, originalLayout, original), places, known),
        ...describeLines(lines),
      };
    },
  };
}

/** What the nodes that cut out text give. */
export function textOutputs({ target, targetLayout }: BoxParameters): OpenNode['outputs'] {
  return {
    text_images: { precision: 'FP32', shape: [-1, ...shapeOf(targetLayout, target)] },
    text_coordinates: { precision: 'I32', shape: [-1, 1, 4] },
    confidence_levels: { precision: 'FP32', shape: [-1, 1, 1] },
  };
}

export function describeLines(lines: readonly Line[]): Readonly<Record<string, NodeTensor>> {
  const coordinates = lines.flatMap(({ box: { x, y, width, height } }) => [x, y, width, height]);
  return {
    text_coordinates: { shape: [lines.length, 1, 4], data: Int32Array.from(coordinates) },
    confidence_levels: { shape: [lines.length, 1, 1], data: Float32Array.from(lines, ({ score }) => score) },
  };
}

function readLines(rows: Float32Array, image: ImageSize, threshold: number): Line[] {
  const lines: Line[] = [];
  for (let at = 0; at + rowLength <= rows.length; at += rowLength) {
    const [left, top, right, bottom, score] = rows.subarray(at, at + rowLength) as unknown as [
      number,
      number,
      number,
      number,
      number,
    ];
    if (!(score >= threshold)) continue;
    const [width, height] = [Math.trunc(right - left), Math.trunc(bottom - top)];
    const box = insideOf(image, { x: Math.trunc(left), y: Math.trunc(top), width, height });
    if (box) lines.push({ box, score });
  }
  return lines;
}
