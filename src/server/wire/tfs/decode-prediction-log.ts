import type { InferRequest, TakeMemory } from '../../model/inference.ts';
import { ProtoReader, wireType } from '../protobuf/reader.ts';
import { decodePredictRequest } from './decode-predict-request.ts';

/**
 * The request of a `tensorflow.serving.PredictionLog`.
 * @returns undefined if it is one of another method than Predict
 * @throws ServingError `invalid-argument` if the bytes are no such message
 */
export function decodePredictionLog(message: Uint8Array, take: TakeMemory): InferRequest | undefined {
  const log = last(new ProtoReader(message), 6);
  const request = log && last(log, 1);
  return request && decodePredictRequest(request.bytes.subarray(request.position, request.end), take);
}

/** A field that is a message: the last of them, as no known writer writes several. */
function last(reader: ProtoReader, field: number): ProtoReader | undefined {
  let found: ProtoReader | undefined;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === ((field << 3) | wireType.bytes)) found = reader.message();
    else reader.skip(tag);
  }
  return found;
}
