import { isUtf8 } from 'node:buffer';
import { ServingError } from '../../model/error.ts';
import type { NamedTensor, TakeMemory } from '../../model/inference.ts';
import { packedSize, packStrings } from '../../model/packed-strings.ts';
import { countStrings, stringAt } from '../../model/strings.ts';
import { elementCount, type Tensor } from '../../model/tensor.ts';
import { JsonWriter } from '../json/json-writer.ts';
import { copyTensor, elementWriter, type WriteElement, writeNested } from '../json/write-tensor.ts';
import { datatype } from './datatype.ts';
import type { ModelInferResponse } from './encode-model-infer-response.ts';

export interface InferJsonAnswer {
  /** Bytes of the JSON, where others follow. */
  readonly headerLength?: number;
  readonly body: Uint8Array | Generator<Buffer, void, void>;
}

/** An output with its elements, which are its own. */
type Output = NamedTensor & ({ readonly write: WriteElement } | { readonly bytes: Buffer });

/**
 * The body of an answer over REST. The outputs are copied at once, and need not be there any more when their text is asked for.
 * @param isBinary whether an output is to be given as bytes behind the JSON
 * @param take called with the bytes of the copies
 * @throws ServingError `invalid-argument` for strings that JSON cannot hold, and what `take` throws
 */
export function encodeInferJson(
  response: ModelInferResponse,
  isBinary: (output: string) => boolean,
  take: TakeMemory,
): InferJsonAnswer {
  const outputs = response.outputs.map((output): Output => {
    if (isBinary(output.name)) return { ...output, bytes: elementsOf(output.tensor, take) };
    checkText(output);
    const tensor = copyTensor(output.tensor, take);
    return { name: output.name, tensor, write: elementWriter(tensor, false) };
  });
  const tail = outputs.flatMap((output) => ('bytes' in output ? [output.bytes] : []));
  if (tail.length === 0) return { body: writeJson(response, outputs) };
  const header = Buffer.concat([...writeJson(response, outputs)]);
  return { headerLength: header.byteLength, body: Buffer.concat([header, ...tail]) };
}

function* writeJson(
  { name, version, id, sequenceId }: ModelInferResponse,
  outputs: readonly Output[],
): Generator<Buffer, void, void> {
  const writer = new JsonWriter(1024);
  writer.raw('{"model_name":');
  writer.string(name);
  writer.raw(`,"model_version":"${version}"`);
  if (id !== '') {
    writer.raw(',"id":');
    writer.string(id);
  }
  if (sequenceId !== undefined) writer.raw(`,"parameters":{"sequence_id":${sequenceId}}`);
  writer.raw(',"outputs":[');
  for (const [i, output] of outputs.entries()) {
    const { shape, precision } = output.tensor;
    writer.raw(i === 0 ? '{"name":' : ',{"name":');
    writer.string(output.name);
    writer.raw(`,"shape":[${shape.join()}],"datatype":"${datatype[precision]}",`);
    if ('bytes' in output) writer.raw(`"parameters":{"binary_data_size":${output.bytes.byteLength}}`);
    else {
      writer.raw('"data":');
      yield* writeNested(writer, output.write, [elementCount(shape)!]);
    }
    writer.raw('}');
  }
  writer.raw(']}');
  yield writer.take();
}

/** Elements as KServe has them in bytes. */
function elementsOf(tensor: Tensor, take: TakeMemory): Buffer {
  if (tensor.precision !== 'STRING') {
    take(tensor.data.byteLength);
    return Buffer.from(tensor.data);
  }
  const size = packedSize(tensor.strings);
  take(size);
  const bytes = Buffer.allocUnsafe(size);
  packStrings(tensor.strings, bytes, 0);
  return bytes;
}

function checkText({ name, tensor }: NamedTensor): void {
  if (tensor.precision !== 'STRING') return;
  for (let i = 0; i < countStrings(tensor.strings); i++) {
    if (isUtf8(stringAt(tensor.strings, i))) continue;
    throw new ServingError(
      'invalid-argument',
      `The output cannot be given as JSON; ask for it with "binary_data": true - Expected: UTF-8; Actual: other bytes; output name: ${name}`,
    );
  }
}
