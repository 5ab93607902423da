import type { NodeModule } from '../node-module.ts';
import * as addOne from './add-one.ts';
import * as eastOcr from './east-ocr.ts';
import * as faceBlur from './face-blur.ts';
import * as horizontalOcr from './horizontal-ocr.ts';
import * as imageTransformation from './image-transformation.ts';
import * as objectDetection from './model-zoo-intel-object-detection.ts';

/** A node of our own: what it is, and where a worker finds it. These do not change their inputs, and never wait. */
export interface BuiltIn {
  readonly own: NodeModule;
  readonly module: string;
}

/** By the names that OpenVINO Model Server's libraries have, less `libcustom_node_` and `.so`. */
export const builtIn: ReadonlyMap<string, BuiltIn> = new Map([
  ['add_one', at('./add-one.ts', addOne)],
  ['east_ocr', at('./east-ocr.ts', eastOcr)],
  ['face_blur', at('./face-blur.ts', faceBlur)],
  ['horizontal_ocr', at('./horizontal-ocr.ts', horizontalOcr)],
  ['image_transformation', at('./image-transformation.ts', imageTransformation)],
  ['model_zoo_intel_object_detection', at('./model-zoo-intel-object-detection.ts', objectDetection)],
]);

function at(file: string, own: NodeModule): BuiltIn {
  return { own, module: new URL(file, import.meta.url).href };
}
