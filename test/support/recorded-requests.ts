import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { masked } from '../../src/server/warm-up/records.ts';
import { protoType } from './proto-type.ts';
import { bytesField, type RawField, written } from './raw-message.ts';

const predictRequest = protoType('tensorflow_serving/apis/predict.proto', 'tensorflow.serving.PredictRequest');

/** A `tensorflow.serving.PredictionLog` of a PredictRequest, by the request's fields. */
export function predictLog(request: object): Buffer {
  return message(bytesField(6, message(bytesField(1, predictRequest.encode(request)))));
}

/** A log of another method. */
export function classifyLog(): Buffer {
  return message(bytesField(2, message(bytesField(1, Buffer.from('classified')))));
}

function message(field: RawField): Buffer {
  return written([field]);
}

/** Records as a TFRecord file has them. */
export function records(...contents: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    contents.flatMap((content) => {
      const head = Buffer.alloc(12);
      head.writeBigUInt64LE(BigInt(content.byteLength));
      head.writeUInt32LE(masked(head.subarray(0, 8)), 8);
      const tail = Buffer.alloc(4);
      tail.writeUInt32LE(masked(content));
      return [head, content, tail];
    }),
  );
}

/** Puts a file of requests beside a version's model. */
export function record(version: string, file: Uint8Array): void {
  mkdirSync(join(version, 'assets.extra'), { recursive: true });
  writeFileSync(join(version, 'assets.extra/tf_serving_warmup_requests'), file);
}
