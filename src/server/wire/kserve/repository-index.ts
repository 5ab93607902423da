import type { VersionState, VersionStatus } from '../../model/version-status.ts';
import { JsonReader } from '../json/json-reader.ts';
import { type Fields, messageType } from '../protobuf/message-types.ts';
import { ProtoReader, wireType } from '../protobuf/reader.ts';

const response = messageType('grpc_predict_v2.proto', 'inference.RepositoryIndexResponse');

/** Triton's words for states. */
const states: Readonly<Record<VersionState, string>> = {
  START: 'LOADING',
  LOADING: 'LOADING',
  AVAILABLE: 'READY',
  UNLOADING: 'UNLOADING',
  END: 'UNAVAILABLE',
};

/** An entry of the index, in messages as in JSON. */
export interface ModelIndex {
  readonly name: string;
  readonly version: string;
  readonly state: string;
  readonly reason: string;
}

/** @returns whether only what is ready is asked for @throws ServingError `invalid-argument` */
export function decodeRepositoryIndexRequest(message: Uint8Array): boolean {
  const reader = new ProtoReader(message);
  let onlyReady = false;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === ((2 << 3) | wireType.varint)) onlyReady = reader.int64() !== 0;
    else reader.skip(tag);
  }
  return onlyReady;
}

export function encodeRepositoryIndexResponse(models: readonly ModelIndex[]): Uint8Array {
  return response.encode({ models } as unknown as Fields);
}

/**
 * The body of a request for the index over REST, which may be empty.
 * @returns whether only what is ready is asked for
 * @throws ServingError `invalid-argument`
 */
export function decodeRepositoryIndexJson(body: Buffer): boolean {
  let onlyReady = false;
  if (body.byteLength === 0) return onlyReady;
  const reader = new JsonReader(body);
  reader.object((name) => {
    if (name === 'ready') onlyReady = reader.boolean();
    else reader.skip();
  });
  reader.finish();
  return onlyReady;
}

/**
 * An entry for each version, and one for a model without any.
 * @param statuses of all models, by name
 * @param onlyReady whether the others are left out
 */
export function repositoryIndex(
  statuses: ReadonlyMap<string, readonly VersionStatus[]>,
  onlyReady: boolean,
): ModelIndex[] {
  const all = [...statuses].flatMap(([name, versions]) =>
    versions.length > 0 ? versions.map((status) => entry(name, status)) : [without(name)],
  );
  return onlyReady ? all.filter(({ state }) => state === 'READY') : all;
}

function entry(name: string, { version, state, errorCode, errorMessage }: VersionStatus): ModelIndex {
  const hasFailed = errorCode !== 'OK';
  return {
    name,
    version: String(version),
    state: hasFailed && state === 'LOADING' ? 'UNAVAILABLE' : states[state],
    reason: hasFailed ? errorMessage : state === 'END' ? 'unloaded' : '',
  };
}

function without(name: string): ModelIndex {
  return { name, version: '', state: 'UNAVAILABLE', reason: 'no version was found' };
}
