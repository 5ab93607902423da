import { ServingError } from '../../model/error.ts';
import type { InferRequest, InputTensor, ServableSpec, TakeMemory } from '../../model/inference.ts';
import type { Signature, TensorInfo } from '../../model/signature.ts';
import { JsonReader } from '../json/json-reader.ts';
import { JsonTensor } from '../json/json-tensor.ts';
import { NotNdarray } from '../json/not-ndarray.ts';

/**
 * - `row`: `{"instances": [ … ]}`, each instance with an element of each input's batch.
 * - `column`: `{"inputs": … }`, whole tensors.
 */
export type PredictFormat = 'row' | 'column';

export interface PredictJson {
  readonly request: InferRequest;
  /** The answer is to be given in the same one. */
  readonly format: PredictFormat;
}

type Inputs = Map<string, InputTensor>;

/**
 * The body of a Predict over REST. JSON does not say of what type numbers are: that is the signature's to say. Texts stay in the
 * body, which is written over.
 * @param take called with the bytes of whatever is not a view over the body
 * @throws ServingError `invalid-argument` with the texts of OpenVINO Model Server, and what `take` throws
 */
export function decodePredictJson(
  body: Buffer,
  servable: ServableSpec,
  signature: Signature,
  take: TakeMemory,
): PredictJson {
  const reader = new JsonReader(body);
  let format: PredictFormat | undefined;
  let inputs: Inputs | undefined;
  let signatureName: string | undefined;
  if (reader.kind() !== 'object') {
    reader.skip();
    throw invalid('Request body should be JSON object');
  }
  const begin = (
    which: PredictFormat,
    read: (reader: JsonReader, signature: Signature, take: TakeMemory) => Inputs,
  ) => {
    if (format) throw unknownFormat('both');
    format = which;
    inputs = read(reader, signature, take);
  };
  reader.object((name) => {
    if (name === 'instances') begin('row', readRows);
    else if (name === 'inputs') begin('column', readColumns);
    else if (name === 'signature_name' && reader.kind() === 'string') signatureName = reader.string();
    else reader.skip();
  });
  reader.finish();
  if (!format || !inputs) throw unknownFormat('neither');
  const request = { servable, inputs, outputFilter: [] };
  return { request: signatureName ? { ...request, signatureName } : request, format };
}

function readRows(reader: JsonReader, signature: Signature, take: TakeMemory): Inputs {
  if (reader.kind() !== 'array') throw noInstances();
  const tensors = new Map<string, JsonTensor>();
  let only: JsonTensor | undefined;
  const readValue = (tensor: JsonTensor) => tensorRead(tensor, reader, 'instance');
  const count = reader.array((index) => {
    if (index === 0) {
      if (reader.kind() !== 'object' || isBase64(reader, signature))
        only = new JsonTensor(onlyInput(signature), take, true);
    }
    if (only) {
      readValue(only);
      return;
    }
    if (reader.kind() !== 'object') throw notNdarray('instance', `an instance of another kind than the first`);
    reader.object((name) => {
      const tensor = tensorFor(name, signature, tensors, take, true);
      if (!tensor) return reader.skip();
      if (tensor.rows !== index) throw differentBatches(name);
      readValue(tensor);
    });
  });
  if (count === 0) throw noInstances();
  if (only) return new Map([[signature.inputs[0]!.name, only.finish()]]);
  for (const [name, tensor] of tensors) if (tensor.rows !== count) throw differentBatches(name);
  return finished(tensors);
}

function readColumns(reader: JsonReader, signature: Signature, take: TakeMemory): Inputs {
  const kind = reader.kind();
  if (kind === 'null') throw invalid('Invalid JSON structure. One of inputs is not a JSON object.');
  if (kind !== 'object' || isBase64(reader, signature)) {
    const only = new JsonTensor(onlyInput(signature), take);
    tensorRead(only, reader, 'input');
    return new Map([[signature.inputs[0]!.name, only.finish()]]);
  }
  const tensors = new Map<string, JsonTensor>();
  let count = 0;
  reader.object((name) => {
    count++;
    const known = tensors.size;
    const tensor = tensorFor(name, signature, tensors, take, false);
    if (!tensor) return reader.skip();
    if (tensors.size === known) throw notNdarray('input', `the input ${name} twice`);
    tensorRead(tensor, reader, 'input');
  });
  if (count === 0) throw invalid('Invalid JSON structure, missing inputs');
  return finished(tensors);
}

/** Inputs that the model does not have are passed over, as OpenVINO Model Server does. */
function tensorFor(
  name: string,
  { inputs }: Signature,
  tensors: Map<string, JsonTensor>,
  take: TakeMemory,
  inRows: boolean,
): JsonTensor | undefined {
  let tensor = tensors.get(name);
  if (tensor) return tensor;
  const info = inputs.find((input) => input.name === name);
  if (!info) return undefined;
  tensor = new JsonTensor(info, take, inRows);
  tensors.set(name, tensor);
  return tensor;
}

function finished(tensors: ReadonlyMap<string, JsonTensor>): Inputs {
  const inputs: Inputs = new Map();
  for (const [name, tensor] of tensors) inputs.set(name, tensor.finish());
  return inputs;
}

/** Values without a name are for models of one input. */
function onlyInput({ inputs }: Signature): TensorInfo {
  const [info, ...others] = inputs;
  if (info && others.length === 0) return info;
  throw invalid(
    `Inputs inside buffer does not match expected format. - Expected: values by the names of the inputs; Actual: values without names`,
  );
}

/** Whether the object that is next stands for a value, and does not have values by their inputs' names. */
function isBase64(reader: JsonReader, { inputs }: Signature): boolean {
  if (inputs.some(({ name }) => name === 'b64')) return false;
  return /^\{\s*"b64"\s*:/.test(reader.bytes.toString('latin1', reader.position, reader.position + 64));
}

function tensorRead(tensor: JsonTensor, reader: JsonReader, what: 'instance' | 'input'): void {
  try {
    tensor.read(reader);
  } catch (error) {
    throw error instanceof NotNdarray ? notNdarray(what, error.actual) : error;
  }
}

function notNdarray(what: 'instance' | 'input', actual: string): ServingError {
  return invalid(
    `Could not parse ${what} content. Not valid ndarray detected - Expected: arrays of the input's elements; Actual: ${actual}`,
  );
}

function noInstances(): ServingError {
  return invalid('Invalid JSON structure. Missing instances in row format');
}

function differentBatches(name: string): ServingError {
  return invalid(`Invalid JSON structure. Request inputs have different batch sizes - input name: ${name}`);
}

function unknownFormat(actual: string): ServingError {
  return invalid(
    `Invalid JSON structure. Could not detect row or column format - Expected: one of instances, inputs; Actual: ${actual}`,
  );
}

function invalid(message: string): ServingError {
  return new ServingError('invalid-argument', message);
}
