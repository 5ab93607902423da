import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { InferRequest } from '../model/inference.ts';
import { decodePredictionLog } from '../wire/tfs/decode-prediction-log.ts';
import { readRecords } from './records.ts';

/** Where TensorFlow Serving looks for requests, in a version's directory. */
const file = 'assets.extra/tf_serving_warmup_requests';

/** As many as TensorFlow Serving reads. */
const mostRequests = 1000;

/**
 * The requests that are recorded beside a model: Predict is served, so others are passed over.
 * @param directory of the version
 * @throws Error if there is a file that cannot be read, at the place where that is seen
 */
export async function* recordedRequests(directory: string): AsyncGenerator<InferRequest> {
  const handle = await open(join(directory, file)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (!handle) return;
  try {
    let count = 0;
    for await (const record of readRecords(handle)) {
      if (++count > mostRequests) throw new Error(`the file has more than ${mostRequests} requests`);
      const request = decodePredictionLog(record, () => {});
      if (request) yield request;
    }
  } finally {
    await handle.close();
  }
}
