import type { ServableSpec } from '../../model/inference.ts';
import { servableOf } from './decode-predict-request.ts';

interface ModelSpecFields {
  readonly name?: string;
  readonly version?: { readonly value?: string };
  readonly version_label?: string;
}

/** @param fields of a ModelSpec as protobufjs gives them; undefined if the message holds none */
export function specFromFields(fields: unknown): ServableSpec | undefined {
  if (fields === undefined) return undefined;
  const { name = '', version, version_label: label } = fields as ModelSpecFields;
  return servableOf({ name, version: version && Number(version.value ?? 0), label });
}
