import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'yaml';

/** What is generated from: the CustomResourceDefinition of ModelServer. */
export const crdFile = resolve(import.meta.dirname, '../crds/modelserver.dev_modelservers.yaml');

/** As much of a structural schema as ours uses. */
export interface Schema {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly 'x-kubernetes-int-or-string'?: true;
  readonly 'x-kubernetes-preserve-unknown-fields'?: true;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'map' | 'set';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: 'atomic' | 'granular';
  readonly 'x-kubernetes-validations'?: readonly Rule[];
}

/** A CEL rule. */
export interface Rule {
  readonly rule: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly fieldPath?: string;
  readonly reason?: 'FieldValueRequired' | 'FieldValueForbidden' | 'FieldValueInvalid' | 'FieldValueDuplicate';
}

/** A field, or the items of a list or the values of a map. */
export interface Place {
  /** `spec.models[].name`; `[]` stands for items, `{}` for values. */
  readonly path: string;
  readonly schema: Schema;
}

export interface CustomResource {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly schema: Schema;
}

/** The one version that our CustomResourceDefinition has. */
export function readCustomResource(text: string = readFileSync(crdFile, 'utf8')): CustomResource {
  const { spec } = parse(text);
  if (spec.versions.length !== 1) throw new Error(`expected one version in the CRD, got ${spec.versions.length}`);
  const [version] = spec.versions;
  return {
    group: spec.group,
    version: version.name,
    kind: spec.names.kind,
    schema: version.schema.openAPIV3Schema,
  };
}

/** The place itself and all below it, each before what it holds. */
export function* walk(place: Place): Generator<Place> {
  yield place;
  const { path, schema } = place;
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    yield* walk({ path: path === '' ? name : `${path}.${name}`, schema: property });
  }
  if (schema.items) yield* walk({ path: `${path}[]`, schema: schema.items });
  if (schema.additionalProperties) yield* walk({ path: `${path}{}`, schema: schema.additionalProperties });
}
