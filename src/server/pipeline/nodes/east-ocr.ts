import type { NodeParameters, NodeTensor, OpenNode } from '../node-module.ts';
import { readBoxParameters, readMostBoxes, stackParts } from './boxes.ts';
import { type EastBox, eastScale, geometryLength, readEastBoxes } from './east-boxes.ts';
import { cropped, type FloatImage, imageAt, shapeOf } from './float-image.ts';
import { describeLines, textOutputs } from './horizontal-ocr.ts';
import { ReadParameters } from './read-parameters.ts';
import { rotated } from './rotate.ts';
import { suppressOverlaps } from './suppress-overlaps.ts';

type Inputs = Readonly<Record<'image' | 'scores' | 'geometry', NodeTensor<Float32Array>>>;

/** Cuts out of a picture the lines of text that east-resnet50 has found in it, and turns them upright. */
export function open(parameters: NodeParameters): OpenNode {
  const read = new ReadParameters(parameters);
  const known = readBoxParameters(read);
  const most = readMostBoxes(read);
  const overlap = Math.fround(read.number('overlap_threshold', { min: 0, max: 1, otherwise: 0.3 }));
  const adjustment = (name: string) => read.number(name, { min: 0, max: Number.POSITIVE_INFINITY, otherwise: 0 });
  const adjust = { width: adjustment('box_width_adjustment'), height: adjustment('box_height_adjustment') };
  const least = read.integer('rotation_angle_threshold', { min: 0, otherwise: 20 });
  const { original, originalLayout, confidenceThreshold } = known;
  for (const [name, size] of [
    ['original_image_height', original.height],
    ['original_image_width', original.width],
  ] as const) {
    if (size % eastScale !== 0) throw new Error(`parameter ${name} - Expected: a multiple of 4; Actual: ${size}`);
  }
  const [rows, columns] = [original.height / eastScale, original.width / eastScale];
  return {
    inputs: {
      image: { precision: 'FP32', shape: shapeOf(originalLayout, original) },
      scores: { precision: 'FP32', shape: [1, rows, columns, 1] },
      geometry: { precision: 'FP32', shape: [1, rows, columns, geometryLength] },
    },
    outputs: textOutputs(known),
    execute({ image, scores, geometry }: Inputs) {
      const found = readEastBoxes(scores.data, geometry.data, original, confidenceThreshold, adjust);
      const lines = suppressOverlaps(found, overlap, most);
      const picture = imageAt(image.data, originalLayout, original);
      const parts = lines.map((line) => upright(picture, line, least));
      return { text_images: stackParts(parts, known), ...describeLines(lines) };
    },
  };
}

/** The box with its text turned upright, and as high as that, if it leans by more degrees than are let be. */
function upright(picture: FloatImage, { box, angle, height }: EastBox, least: number): FloatImage {
  const part = cropped(picture, box);
  const degrees = Math.fround((angle * 180) / Math.PI);
  if (!(Math.abs(degrees) > least)) return part;
  const turned = rotated(part, -degrees);
  const inside = Math.min(part.height, Math.max(1, Math.trunc(height)));
  const y = Math.max(0, Math.trunc((part.height - height) / 2));
  return cropped(turned, { x: 0, y, width: part.width, height: inside });
}
