import type { ServableSpec } from '../../model/inference.ts';
import type { ProtoReader } from '../protobuf/reader.ts';
import { wireType } from '../protobuf/reader.ts';

/** ModelSpec, as it stands in a message; what a later piece of the same message says replaces what an earlier one said. */
export interface ModelSpec {
  name: string;
  version?: number | undefined;
  label?: string | undefined;
  signatureName?: string | undefined;
}

/** @param spec what earlier pieces said; written to */
export function readModelSpec(reader: ProtoReader, spec: ModelSpec): ModelSpec {
  while (!reader.done) {
    const tag = reader.tag();
    switch (tag) {
      case (1 << 3) | wireType.bytes:
        spec.name = reader.string();
        break;
      case (2 << 3) | wireType.bytes:
        spec.version = readInt64Value(reader.message()) ?? (spec.label === undefined ? spec.version : 0);
        spec.label = undefined;
        break;
      case (3 << 3) | wireType.bytes:
        spec.signatureName = reader.string();
        break;
      case (4 << 3) | wireType.bytes:
        spec.label = reader.string();
        spec.version = undefined;
        break;
      default:
        reader.skip(tag);
    }
  }
  return spec;
}

/** Version 0 and an empty label ask for nothing. */
export function servableOf(spec: ModelSpec): ServableSpec {
  if (spec.version) return { name: spec.name, version: spec.version };
  return spec.label ? { name: spec.name, label: spec.label } : { name: spec.name };
}

/** Undefined if the message says nothing. */
function readInt64Value(reader: ProtoReader): number | undefined {
  let value: number | undefined;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === ((1 << 3) | wireType.varint)) value = reader.int64();
    else reader.skip(tag);
  }
  return value;
}
