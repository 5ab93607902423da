import { ServingError } from '../../model/error.ts';
import type { SequenceStep } from '../../model/inference.ts';
import type { JsonReader } from '../json/json-reader.ts';
import { type ProtoReader, wireType } from '../protobuf/reader.ts';
import { fieldSize } from '../protobuf/size.ts';
import { varint64 } from '../protobuf/varint64.ts';
import { ProtoWriter } from '../protobuf/writer.ts';

/** Parameters of a request that say which sequence it belongs to, as Triton's clients send them. */
const names: ReadonlySet<string> = new Set(['sequence_id', 'sequence_start', 'sequence_end']);

const most = 2n ** 64n - 1n;
const mostSigned = 2n ** 63n - 1n;

type Value = bigint | boolean | string;

/** What a request's parameters say of its sequence, told one by one. */
export class SequenceParameters {
  #step: SequenceStep | undefined;

  /** Undefined if they say nothing of one. */
  get step(): SequenceStep | undefined {
    return this.#step;
  }

  /** @param entry of the map of parameters of a ModelInferRequest. @throws ServingError `invalid-argument` */
  readEntry(entry: ProtoReader): void {
    let name = '';
    let value: Value | undefined;
    while (!entry.done) {
      const tag = entry.tag();
      if (tag === ((1 << 3) | wireType.bytes)) name = entry.string();
      else if (tag === ((2 << 3) | wireType.bytes)) value = readParameter(entry.message());
      else entry.skip(tag);
    }
    if (names.has(name)) this.#tell(name, value);
  }

  /** @returns false, having read nothing, for a parameter that is not of a sequence. @throws ServingError `invalid-argument` */
  readJson(name: string, reader: JsonReader): boolean {
    if (!names.has(name)) return false;
    const kind = reader.kind();
    if (kind === 'boolean') this.#tell(name, reader.boolean());
    else if (kind === 'string') this.#tell(name, reader.string());
    else if (kind === 'number') {
      const number = reader.number();
      const integer = number.isWhole ? number.toInteger() : undefined;
      this.#tell(name, integer === undefined ? undefined : BigInt(integer));
    } else {
      reader.skip();
      this.#tell(name, undefined);
    }
    return true;
  }

  #tell(name: string, value: Value | undefined): void {
    const { id, isFirst, isLast } = this.#step ?? { id: 0n, isFirst: false, isLast: false };
    if (name === 'sequence_id') this.#step = { id: idFrom(value), isFirst, isLast };
    else if (typeof value !== 'boolean') throw invalid(name, 'true or false', value);
    else if (name === 'sequence_start') this.#step = { id, isFirst: value, isLast };
    else this.#step = { id, isFirst, isLast: value };
  }
}

/** The parameter that tells a client which sequence has answered, as an entry of its map in a ModelInferResponse. */
export function encodeSequenceParameter(id: bigint): Buffer {
  const name = Buffer.from('sequence_id');
  const value = varint64(id);
  // int64_param, which all clients know, while that can hold it; else uint64_param.
  const parameter = Buffer.concat([Buffer.from([(id <= mostSigned ? 2 : 5) << 3]), value]);
  const writer = new ProtoWriter(fieldSize(name.length) + fieldSize(parameter.length));
  writer.field(1, name);
  writer.field(2, parameter);
  return writer.bytes;
}

/** An InferParameter: the last value that it has. */
function readParameter(reader: ProtoReader): Value | undefined {
  let value: Value | undefined;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === ((1 << 3) | wireType.varint)) value = reader.int64() !== 0;
    else if (tag === ((2 << 3) | wireType.varint)) value = int64(reader, true);
    else if (tag === ((5 << 3) | wireType.varint)) value = int64(reader, false);
    else if (tag === ((3 << 3) | wireType.bytes)) value = reader.string();
    else reader.skip(tag);
  }
  return value;
}

function int64(reader: ProtoReader, isSigned: boolean): bigint {
  const view = new DataView(new ArrayBuffer(8));
  reader.int64Into(view, 0);
  return isSigned ? view.getBigInt64(0, true) : view.getBigUint64(0, true);
}

/** None, by 0 or an empty text, is 0n. */
function idFrom(value: Value | undefined): bigint {
  if (value === '') return 0n;
  if (typeof value === 'bigint' && value >= 0n && value <= most) return value;
  throw invalid('sequence_id', 'an integer from 0 to 2^64 - 1', value);
}

function invalid(name: string, expected: string, value: Value | undefined): ServingError {
  const actual = typeof value === 'string' ? 'a text' : String(value ?? 'another value');
  return new ServingError(
    'invalid-argument',
    `Invalid request parameter - Expected: ${expected}; Actual: ${actual}; parameter name: ${name}`,
  );
}
