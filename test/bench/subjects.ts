// The models that are measured, and what each is asked.
import { join } from 'node:path';
import { floats } from '../../examples/clients/typescript/client.ts';
import { messageType } from '../../src/server/wire/protobuf/message-types.ts';
import { addModel, convolutionModel } from '../support/ir-model.ts';
import type { Load } from './load.ts';
import { measureEngine } from './raw-engine.ts';

export interface Subject {
  readonly name: string;
  readonly shape: readonly number[];
  /** An element of the answer when all of the request's are 3. */
  readonly answer: number;
  readonly write: (folder: string) => void;
  readonly loads: readonly Load[];
  /** Inferences of the engine alone in a round. */
  readonly raw: number;
}

const load = (connections: number, streams: number, requests: number): Load => ({ connections, streams, requests });

const tiny: Subject = {
  name: 'tiny',
  shape: [1, 10],
  answer: 4,
  write: (folder) => addModel('FP32', [1, 10]).write(folder),
  loads: [load(1, 1, 5_000), load(1, 4, 10_000), load(1, 16, 20_000), load(4, 16, 40_000)],
  raw: 100_000,
};

const large: Subject = {
  name: '600 KB',
  shape: [1, 150_000],
  answer: 4,
  write: (folder) => addModel('FP32', [1, 150_000]).write(folder),
  loads: [load(1, 1, 400), load(1, 4, 800), load(1, 16, 800)],
  raw: 4_000,
};

const imageShape = [1, 1, 128, 128];

const convolutions = (layers: number): Subject => ({
  name: 'convolutions',
  shape: imageShape,
  answer: 3,
  write: (folder) => convolutionModel(128, layers).write(folder),
  loads: [load(1, 1, 30), load(1, 4, 40), load(1, 16, 48)],
  raw: 30,
});

/** @param layers of the convolutional net */
export function subjectsWith(layers: number): readonly Subject[] {
  return [tiny, large, convolutions(layers)];
}

/**
 * How many layers make an inference of the convolutional net take so long on this machine. No fixed number would: 64 layers took
 * 44 ms on one machine with two cores and 113 ms on the next.
 */
export async function layersTaking(ms: number, folder: string): Promise<number> {
  const layers = 32;
  const trial = join(folder, 'trial');
  convolutions(layers).write(trial);
  let most = 0;
  // The fastest of some tries: other work on the machine only slows them.
  for (let i = 0; i < 5; i++) most = Math.max(most, await measureEngine(trial, imageShape, 1, 10));
  return Math.round((layers * ms * most) / 1000);
}

/** The message that a subject is asked, behind gRPC's framing. */
export function frameOf({ name, shape }: Subject): Buffer {
  const type = messageType('tensorflow_serving/apis/predict.proto', 'tensorflow.serving.PredictRequest');
  const values = new Float32Array(shape.reduce((count, size) => count * size, 1));
  const tensor = { ...floats(values, ...shape), dtype: 1 };
  const message = type.encode({ model_spec: { name }, inputs: { b: tensor } });
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.byteLength, 1);
  return Buffer.concat([head, message]);
}
