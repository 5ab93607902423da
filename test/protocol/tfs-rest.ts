import { type ExactJson, parseExactJson } from './exact-json.ts';
import { notNested, readNested, writeNested } from './json-values.ts';
import { countOf, type PlainTensor } from './plain-tensor.ts';
import type { Ask, Outcome, PlainInfo, Way } from './protocol-case.ts';
import { refusalOf } from './rest-refusal.ts';
import { precisionOf } from './tfs-grpc.ts';

/** TensorFlow Serving's REST API by fetch: whole tensors, or row by row. */
export function tfsRestWays(url: string): Way[] {
  return [
    {
      name: 'TFS REST, inputs',
      protocol: 'TFS REST',
      asks: ['infer', 'metadata', 'ready'],
      cannot,
      ask: (ask) => answerTo(url, ask, writeColumns, readColumns),
    },
    {
      name: 'TFS REST, instances',
      protocol: 'TFS REST',
      asks: ['infer'],
      cannot: (ask) => cannot(ask) ?? noRows(ask),
      ask: (ask) => answerTo(url, ask, writeRows, readRows),
    },
  ];
}

/** Reads the outputs by the metadata, as the body does not say of which types they are. */
type Reader = (body: Json, infos: Readonly<Record<string, PlainInfo>>) => Record<string, PlainTensor>;
type Json = Readonly<Record<string, ExactJson>>;

function cannot({ inputs, outputs, version, model }: Ask): string | undefined {
  if (outputs) return 'all outputs are given';
  if (typeof version === 'number' && version < 0) return 'versions are digits';
  if (model === '') return 'a path has a name';
  for (const tensor of Object.values(inputs)) {
    const reason = notNested(tensor);
    if (reason) return reason;
  }
  return undefined;
}

function noRows({ inputs }: Ask): string | undefined {
  const batches = new Set(Object.values(inputs).map(({ shape }) => shape[0] ?? 0));
  return batches.size === 1 && !batches.has(0) ? undefined : 'instances are rows, as many for each input';
}

function writeColumns({ inputs }: Ask): string {
  return `{"inputs": {${Object.entries(inputs).map(([name, tensor]) => `${JSON.stringify(name)}: ${writeNested(tensor)}`)}}}`;
}

function writeRows({ inputs }: Ask): string {
  const tensors = Object.entries(inputs);
  const rows = Array.from({ length: tensors[0]![1].shape[0]! }, (_, row) => {
    const members = tensors.map(
      ([
        name,
        {
          precision,
          shape: [, ...inner],
          values,
        },
      ]) => {
        const text = writeNested({ precision, shape: inner, values }, row * countOf(inner));
        return `${JSON.stringify(name)}: ${text}`;
      },
    );
    return `{${members}}`;
  });
  return `{"instances": [${rows}]}`;
}

const readColumns: Reader = ({ outputs }, infos) => {
  const names = Object.keys(infos);
  const byName = names.length === 1 ? { [names[0]!]: outputs! } : (outputs as Json);
  return readAll(byName, infos);
};

const readRows: Reader = ({ predictions }, infos) => {
  const names = Object.keys(infos);
  const rows = predictions as ExactJson[];
  const byName =
    names.length === 1
      ? { [names[0]!]: rows }
      : Object.fromEntries(names.map((name) => [name, rows.map((row) => (row as Json)[name]!)]));
  return readAll(byName, infos);
};

function readAll(json: Json, infos: Readonly<Record<string, PlainInfo>>): Record<string, PlainTensor> {
  return Object.fromEntries(
    Object.entries(json).map(([name, tensor]) => {
      // Rows of bytes whose output's name says so come as texts.
      const isText = name.endsWith('_string');
      return [name, readNested(tensor, isText ? 'STRING' : infos[name]!.precision)];
    }),
  );
}

async function answerTo(url: string, ask: Ask, write: (ask: Ask) => string, read: Reader): Promise<Outcome> {
  const path = pathOf(url, ask);
  if (ask.what === 'ready') {
    const response = await fetch(path);
    const text = await response.text();
    if (!response.ok) return refusalOf(response, text);
    return {
      ready: JSON.parse(text).model_version_status.some(({ state }: { state: string }) => state === 'AVAILABLE'),
    };
  }
  if (ask.what === 'metadata') return metadata(path);
  const body =
    ask.signature === undefined ? write(ask) : `{"signature_name": "${ask.signature}", ${write(ask).slice(1)}`;
  const response = await fetch(`${path}:predict`, { method: 'POST', body });
  const text = await response.text();
  if (!response.ok) return refusalOf(response, text);
  const told = await metadata(path);
  if (!('metadata' in told)) throw new Error(`no metadata: ${JSON.stringify(told)}`);
  return { outputs: read(parseExactJson(text) as Json, told.metadata.outputs) };
}

function pathOf(url: string, { model, version, label }: Ask): string {
  const which = label !== undefined ? `/labels/${label}` : version !== undefined ? `/versions/${version}` : '';
  return `${url}/v1/models/${encodeURIComponent(model)}${which}`;
}

interface Tensors {
  readonly [name: string]: { readonly dtype: string; readonly tensorShape: { dim: readonly { size: string }[] } };
}

async function metadata(path: string): Promise<Outcome> {
  const response = await fetch(`${path}/metadata`);
  const text = await response.text();
  if (!response.ok) return refusalOf(response, text);
  const { inputs, outputs } = JSON.parse(text).metadata.signature_def.signatureDef.serving_default;
  return { metadata: { inputs: infos(inputs), outputs: infos(outputs) } };
}

function infos(tensors: Tensors): Record<string, PlainInfo> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { dtype, tensorShape }]) => [
      name,
      { precision: precisionOf(dtype), shape: tensorShape.dim.map(({ size }) => Number(size)) },
    ]),
  );
}
