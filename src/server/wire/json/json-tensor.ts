import type { InputTensor, TakeMemory } from '../../model/inference.ts';
import { isStatic, type TensorInfo } from '../../model/signature.ts';
import { type JsonElements, numbersOf, Texts } from './json-elements.ts';
import type { JsonReader } from './json-reader.ts';
import { NotNdarray } from './not-ndarray.ts';

/** A size that is not known yet: no array has ended in that dimension. */
const open = -1;

/**
 * A tensor out of nested arrays, whose type is that of the input it is for; or of strings, whatever that takes. Its shape is told by
 * the arrays themselves.
 */
export class JsonTensor {
  readonly #info: TensorInfo;
  readonly #take: TakeMemory;
  /** Dimensions that lie around what is read at a time. */
  readonly #outer: number;
  readonly #shape: number[];
  /** How many rows have been read. */
  rows = 0;
  #elements: JsonElements | undefined;
  #isText = false;
  /** How many arrays an element lies in; `open` before the first element. */
  #rank = open;

  /** @param inRows whether it is given row by row, each of them in one dimension less */
  constructor(info: TensorInfo, take: TakeMemory, inRows = false) {
    this.#info = info;
    this.#take = take;
    this.#shape = inRows ? [open] : [];
    this.#outer = inRows ? 1 : 0;
  }

  /**
   * Reads the tensor, or its next row.
   * @throws NotNdarray; ServingError for what is no JSON
   */
  read(reader: JsonReader): void {
    if (this.#outer > 0) this.rows++;
    this.#read(reader, this.#outer);
  }

  #read(reader: JsonReader, depth: number): void {
    if (reader.kind() !== 'array') {
      this.#element(reader, depth);
      return;
    }
    if (this.#rank !== open && depth >= this.#rank) throw ragged();
    if (depth === this.#shape.length) this.#shape.push(open);
    let count = 0;
    if (reader.openArray()) {
      do {
        // Most values are numbers in a row of them.
        if (depth + 1 === this.#rank && !this.#isText && reader.isDigitNext()) this.#elements!.append(reader);
        else this.#read(reader, depth + 1);
        count++;
      } while (reader.nextElement());
    }
    const size = this.#shape[depth]!;
    if (size === open) this.#shape[depth] = count;
    else if (size !== count) throw ragged();
  }

  /** What has been read. */
  finish(): InputTensor {
    const precision = this.#isText ? 'STRING' : this.#info.precision;
    const elements = this.#elements ?? this.#begin(undefined);
    const shape = [...this.#shape];
    if (this.#outer > 0) shape[0] = this.rows;
    // A text that stands alone is a tensor of one, unless the input is a scalar.
    if (this.#isText && this.#rank === 0 && this.#info.shape?.length !== 0) shape.push(1);
    return { precision, shape, payload: elements.payload() };
  }

  #element(reader: JsonReader, depth: number): void {
    if (this.#rank === open) {
      if (this.#shape.length > depth) throw ragged();
      this.#rank = depth;
    } else if (this.#rank !== depth) throw ragged();
    const kind = reader.kind();
    const isText = kind === 'string' || kind === 'object';
    this.#elements ??= this.#begin(isText ? reader.bytes : undefined, Math.ceil((reader.end - reader.position) / 2));
    if (this.#isText !== isText) throw new NotNdarray(isText ? 'a string among numbers' : `a ${kind} among strings`);
    if (kind === 'null' || (kind === 'boolean' && this.#info.precision !== 'BOOL')) throw new NotNdarray(`a ${kind}`);
    this.#elements.append(reader);
  }

  /** @param most how many elements may follow, by what is left of the message */
  #begin(texts: Buffer | undefined, most = 0): JsonElements {
    this.#isText = texts !== undefined;
    const { precision, shape } = this.#info;
    let expected = 1;
    for (const size of shape ?? []) expected *= isStatic(size) ? size.min : 1;
    const room = Math.min(expected, most);
    if (texts) return new Texts(texts, room, this.#take);
    if (precision === 'STRING') {
      if (most > 0) throw new NotNdarray('a number for a string');
      this.#isText = true;
      return new Texts(Buffer.alloc(0), 0, this.#take);
    }
    return numbersOf(precision, room, this.#take);
  }
}

function ragged(): NotNdarray {
  return new NotNdarray('arrays of different sizes in one dimension');
}
