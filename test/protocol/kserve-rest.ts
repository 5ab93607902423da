import { isUtf8 } from 'node:buffer';
import { type ExactJson, type ExactNumber, parseExactJson } from './exact-json.ts';
import { readValue, writeNested, writeValue } from './json-values.ts';
import { datatypes, infos, precisionOfDatatype, rawBytes, readRaw } from './kserve-grpc.ts';
import { type PlainTensor, toTexts } from './plain-tensor.ts';
import type { Ask, Outcome, Way } from './protocol-case.ts';
import { refusalOf } from './rest-refusal.ts';

const headerLength = 'inference-header-content-length';

/** KServe's v2 protocol over REST by fetch: elements in the JSON, there and back, or as bytes behind it. */
export function kserveRestWays(url: string): Way[] {
  return [
    {
      name: 'KServe REST, JSON',
      protocol: 'KServe REST',
      asks: ['infer', 'metadata', 'ready'],
      cannot: (ask) => cannot(ask) ?? noText(ask),
      ask: (ask) => answerTo(url, ask, writeJson),
    },
    {
      name: 'KServe REST, binary',
      protocol: 'KServe REST',
      asks: ['infer'],
      cannot,
      ask: (ask) => answerTo(url, ask, writeBinary),
    },
  ];
}

function cannot({ label, signature, model }: Ask): string | undefined {
  if (label !== undefined) return 'there are no labels';
  if (model === '') return 'a path has a name';
  return signature === undefined ? undefined : 'there are no signatures';
}

function noText({ inputs }: Ask): string | undefined {
  const texts = Object.values(inputs).filter(({ precision }) => precision === 'STRING');
  return texts.every(({ values }) => toTexts(values).every((text) => isUtf8(text)))
    ? undefined
    : 'JSON has texts, not bytes';
}

interface Body {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer<ArrayBuffer>;
}

function writeJson(ask: Ask): Body {
  const inputs = Object.entries(ask.inputs).map(([name, tensor]) => {
    const flat = writeNested({ ...tensor, shape: [tensor.values.length] });
    return `{${head(name, tensor)}, "data": ${flat}}`;
  });
  const outputs = ask.outputs?.map((name) => ({ name }));
  return {
    headers: {},
    body: Buffer.from(`{"inputs": [${inputs}]${outputs ? `, "outputs": ${JSON.stringify(outputs)}` : ''}}`),
  };
}

function writeBinary(ask: Ask): Body {
  const elements = Object.values(ask.inputs).map(rawBytes);
  const inputs = Object.entries(ask.inputs).map(
    ([name, tensor], i) => `{${head(name, tensor)}, "parameters": {"binary_data_size": ${elements[i]!.byteLength}}}`,
  );
  const outputs = ask.outputs?.map((name) => ({ name, parameters: { binary_data: true } }));
  const wanted = outputs ? `"outputs": ${JSON.stringify(outputs)}` : '"parameters": {"binary_data_output": true}';
  const json = Buffer.from(`{"inputs": [${inputs}], ${wanted}}`);
  return { headers: { [headerLength]: String(json.byteLength) }, body: Buffer.concat([json, ...elements]) };
}

function head(name: string, { precision, shape }: PlainTensor): string {
  return `"name": ${writeValue(name)}, "datatype": "${datatypes[precision]}", "shape": [${shape}]`;
}

async function answerTo(url: string, ask: Ask, write: (ask: Ask) => Body): Promise<Outcome> {
  const version = ask.version === undefined ? '' : `/versions/${ask.version}`;
  const path = `${url}/v2/models/${encodeURIComponent(ask.model)}${version}`;
  if (ask.what === 'ready') {
    const response = await fetch(`${path}/ready`);
    const text = await response.text();
    return response.ok ? { ready: true } : refusalOf(response, text);
  }
  if (ask.what === 'metadata') {
    const response = await fetch(path);
    const text = await response.text();
    if (!response.ok) return refusalOf(response, text);
    const { inputs, outputs } = JSON.parse(text);
    return { metadata: { inputs: infos(inputs), outputs: infos(outputs) } };
  }
  const { headers, body } = write(ask);
  const response = await fetch(`${path}/infer`, { method: 'POST', headers, body });
  const answer = Buffer.from(await response.arrayBuffer());
  if (!response.ok) return refusalOf(response, String(answer));
  return outputsOf(answer, Number(response.headers.get(headerLength) ?? answer.byteLength));
}

interface Output {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly ExactNumber[];
  readonly data?: readonly ExactJson[];
  readonly parameters?: { readonly binary_data_size: ExactNumber };
}

function outputsOf(answer: Buffer, jsonBytes: number): Outcome {
  const json = parseExactJson(answer.toString('utf8', 0, jsonBytes)) as unknown as {
    readonly model_version: string;
    readonly outputs: readonly Output[];
  };
  let at = jsonBytes;
  const read = json.outputs.map(({ name, datatype, shape, data, parameters }) => {
    const precision = precisionOfDatatype(datatype);
    const sizes = shape.map(({ text }) => Number(text));
    if (data) return [name, { precision, shape: sizes, values: data.map((value) => readValue(value, precision)) }];
    const begin = at;
    at += Number(parameters!.binary_data_size.text);
    return [name, readRaw(precision, sizes, answer.subarray(begin, at))];
  });
  if (at !== answer.byteLength) throw new Error(`${answer.byteLength - at} bytes belong to no output`);
  return { version: Number(json.model_version), outputs: Object.fromEntries(read) };
}
