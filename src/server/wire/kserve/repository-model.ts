import { ServingError } from '../../model/error.ts';
import { JsonReader } from '../json/json-reader.ts';
import { checkNames } from '../protobuf/bounds.ts';
import { ProtoReader, wireType } from '../protobuf/reader.ts';

/** What Triton's repository extension asks for of a model. */
export type RepositoryOrder = 'load' | 'unload';

/** What takes effect or asks for nothing here; other parameters would be taken for done. */
const known: Readonly<Record<RepositoryOrder, readonly string[]>> = { load: [], unload: ['unload_dependents'] };

/**
 * A RepositoryModelLoadRequest or RepositoryModelUnloadRequest: the name of the model.
 * @throws ServingError `invalid-argument`; `unimplemented` for parameters that would change how it is loaded
 */
export function decodeRepositoryModelRequest(order: RepositoryOrder, message: Uint8Array): string {
  const reader = new ProtoReader(message);
  let name = '';
  let count = 0;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === ((2 << 3) | wireType.bytes)) name = reader.string();
    else if (tag === ((3 << 3) | wireType.bytes)) {
      checkParameter(order, readKey(reader.message()));
      checkNames(++count, 'parameters');
    } else reader.skip(tag);
  }
  return name;
}

function readKey(reader: ProtoReader): string {
  let key = '';
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === ((1 << 3) | wireType.bytes)) key = reader.string();
    else reader.skip(tag);
  }
  return key;
}

/**
 * The body of the same over REST, which may be empty.
 * @throws as `decodeRepositoryModelRequest`
 */
export function checkRepositoryModelJson(order: RepositoryOrder, body: Buffer): void {
  if (body.byteLength === 0) return;
  const reader = new JsonReader(body);
  reader.object((member) => {
    if (member !== 'parameters') return reader.skip();
    reader.object((parameter) => {
      checkParameter(order, parameter);
      reader.skip();
    });
  });
  reader.finish();
}

const pattern = /^\/v2\/repository\/models\/(?<name>[^/]+)\/(?<order>load|unload)$/;

/**
 * `/v2/repository/models/NAME/load` or `…/unload`, as it stands in the request's first line.
 * @returns undefined for any other path
 */
export function parseRepositoryPath(path: string): { name: string; order: RepositoryOrder } | undefined {
  const groups = pattern.exec(path)?.groups;
  if (!groups) return undefined;
  try {
    return { name: decodeURIComponent(groups.name!), order: groups.order as RepositoryOrder };
  } catch {
    return undefined;
  }
}

function checkParameter(order: RepositoryOrder, parameter: string): void {
  if (known[order].includes(parameter)) return;
  throw new ServingError(
    'unimplemented',
    `The parameter ${parameter} of a request to ${order} a model is not supported - models are configured by the config file and by what is in their folders`,
  );
}
