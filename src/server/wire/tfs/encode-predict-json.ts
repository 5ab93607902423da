import { ServingError } from '../../model/error.ts';
import type { NamedTensor, TakeMemory } from '../../model/inference.ts';
import { printShape } from '../../model/signature.ts';
import { elementCount, type Shape } from '../../model/tensor.ts';
import { JsonWriter } from '../json/json-writer.ts';
import { copyTensor, elementWriter, type WriteElement, writeNested } from '../json/write-tensor.ts';
import type { PredictFormat } from './decode-predict-json.ts';

/** Outputs whose names end so are bytes, not text. */
const bytesSuffix = '_bytes';

interface Output {
  readonly name: string;
  readonly shape: Shape;
  readonly write: WriteElement;
}

/**
 * The body of an answer to a Predict over REST, in the format of the request. The outputs are copied at once, and need not be there any
 * more when their text is asked for, chunk by chunk.
 * @param take called with the bytes of the copies
 * @throws ServingError `invalid-argument` for outputs that have no rows in common, and what `take` throws
 */
export function encodePredictJson(
  outputs: readonly NamedTensor[],
  format: PredictFormat,
  take: TakeMemory,
): Generator<Buffer, void, void> {
  const rows = format === 'row' ? commonRows(outputs) : 0;
  const copies = outputs.map(({ name, tensor }) => ({
    name,
    shape: tensor.shape,
    write: elementWriter(copyTensor(tensor, take), name.endsWith(bytesSuffix)),
  }));
  return format === 'row' ? writeRows(copies, rows) : writeColumns(copies);
}

function* writeRows(outputs: readonly Output[], rows: number): Generator<Buffer, void, void> {
  const writer = new JsonWriter(expectedBytes(outputs));
  writer.raw('{\n    "predictions": ');
  const [only, ...others] = outputs;
  if (only && others.length === 0) yield* writeNested(writer, only.write, only.shape);
  else {
    writer.raw('[');
    for (let row = 0; row < rows; row++) {
      writer.raw(row === 0 ? '\n        ' : ',\n        ');
      yield* writeNamed(
        writer,
        outputs.map((output) => ({ ...output, shape: output.shape.slice(1) })),
        row,
      );
    }
    writer.raw('\n    ]');
  }
  writer.raw('\n}\n');
  yield writer.take();
}

function* writeColumns(outputs: readonly Output[]): Generator<Buffer, void, void> {
  const writer = new JsonWriter(expectedBytes(outputs));
  writer.raw('{\n    "outputs": ');
  const [only, ...others] = outputs;
  if (only && others.length === 0) yield* writeNested(writer, only.write, only.shape);
  else yield* writeNamed(writer, outputs, 0);
  writer.raw('\n}\n');
  yield writer.take();
}

/** @param row which of the tensors of that shape that lie one behind the other */
function* writeNamed(writer: JsonWriter, outputs: readonly Output[], row: number): Generator<Buffer, void, void> {
  let separator = '{\n            ';
  for (const { name, shape, write } of outputs) {
    writer.raw(separator);
    writer.string(name);
    writer.raw(': ');
    yield* writeNested(writer, write, shape, row * elementCount(shape)!);
    separator = ',\n            ';
  }
  writer.raw(outputs.length > 0 ? '\n        }' : '{}');
}

/** How many rows the outputs have, which must be the same for all. */
function commonRows(outputs: readonly NamedTensor[]): number {
  const [first] = outputs;
  const rows = first?.tensor.shape[0];
  if (rows === undefined || outputs.some(({ tensor }) => tensor.shape[0] !== rows)) {
    const shapes = outputs.map(({ name, tensor }) => `${name} ${printShape(tensor.shape)}`).join(', ');
    throw new ServingError(
      'invalid-argument',
      `The outputs cannot be given row by row; ask with "inputs" instead of "instances" - Expected: outputs of one batch size; Actual: ${shapes}`,
    );
  }
  return rows;
}

/** Most numbers take this many bytes with what stands around them; there are longer and shorter ones. */
const usualBytes = 12;

function expectedBytes(outputs: readonly Output[]): number {
  let elements = 0;
  for (const { shape } of outputs) elements += elementCount(shape)!;
  return Math.min(elements * usualBytes + 128, 65_536);
}
