import { readFile } from 'node:fs/promises';
import { findModelFiles } from '../engine/model-files.ts';
import { ServingError } from '../model/error.ts';

/** Operations of an OpenVINO IR that LowLatency2 makes states of. */
const loops = ['TensorIterator', 'Loop'];

/**
 * LowLatency2 is not to be had through OpenVINO's C API. It changes nothing in a model without loops, whose states are there already: only an OpenVINO
 * IR can be seen to be one.
 * @param directory of a version
 * @throws ServingError `failed-precondition` for any other model
 */
export async function checkLowLatency(directory: string): Promise<void> {
  const { model } = await findModelFiles(directory);
  const isRead = model.endsWith('.xml');
  const xml = isRead ? await readFile(model) : Buffer.alloc(0);
  const loop = loops.find((type) => xml.includes(` type="${type}"`));
  if (isRead && !loop) return;
  const why = loop ? `the model has a ${loop}` : 'whether the model has loops can be told of OpenVINO IR only';
  throw new ServingError(
    'failed-precondition',
    `low_latency_transformation cannot be applied here - ${why}; apply LowLatency2 when the model is converted, and leave this option out`,
  );
}
