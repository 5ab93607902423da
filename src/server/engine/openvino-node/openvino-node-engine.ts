import { ServingError } from '../../model/error.ts';
import type { Layout } from '../../model/layout.ts';
import type { Reshape } from '../../model/reshape.ts';
import { compareNames, type Dimension, type Signature, type TensorInfo } from '../../model/signature.ts';
import {
  bytesPerElement,
  elementCount,
  type NumericPrecision,
  type NumericTensor,
  type Tensor,
} from '../../model/tensor.ts';
import type { LoadOptions } from '../../model/wanted.ts';
import type { Engine, Inference, InferOptions, LoadedModel, ModelState } from '../engine.ts';
import { couldNotTranspose, type ModelPort, type PortLayouts, portLayouts, seenOutputs } from '../layout.ts';
import { type MappingConfig, readMappingConfig, renamed, renamedKeys } from '../mapping-config.ts';
import { findModelFiles } from '../model-files.ts';
import { propertiesOf } from '../properties.ts';
import { RequestPool } from '../request-pool.ts';
import { couldNotReshape, newShapes } from '../reshape.ts';
import { readToldLayouts } from '../told-layouts.ts';
import { withTransposedOutputs } from '../transposed-outputs.ts';
import {
  type Addon,
  type CompiledModel,
  type Core,
  type InferRequest,
  loadAddon,
  type Model,
  type Output,
} from './addon.ts';

/** Element types that the package has; it knows no 16-bit floats and no booleans. */
const elementTypes = ['u8', 'u32', 'u16', 'u64', 'i8', 'i64', 'i32', 'i16', 'f32', 'f64'] as const;
const precisions: Readonly<Record<(typeof elementTypes)[number], NumericPrecision>> = {
  u8: 'U8',
  u16: 'U16',
  u32: 'U32',
  u64: 'U64',
  i8: 'I8',
  i16: 'I16',
  i32: 'I32',
  i64: 'I64',
  f32: 'FP32',
  f64: 'FP64',
};

const arrays = {
  U8: Uint8Array,
  U16: Uint16Array,
  U32: Uint32Array,
  U64: BigUint64Array,
  I8: Int8Array,
  I16: Int16Array,
  I32: Int32Array,
  I64: BigInt64Array,
  FP32: Float32Array,
  FP64: Float64Array,
} as const;

/** The package has no more of it than layouts. */
const noPreprocessing =
  'mean, scale, color_format and precision are not to be had with --engine openvino-node: use --engine openvino';

/**
 * OpenVINO through the openvino-node package.
 * @throws Error if the package is not there
 */
export async function createOpenVinoNodeEngine(options: {
  readonly mostWaiting: number;
  readonly cpuExtension?: string;
}): Promise<Engine> {
  const addon = await loadAddon();
  const core = new addon.Core();
  if (options.cpuExtension) core.addExtension(options.cpuExtension);
  return {
    description: `OpenVINO ${addon.getOpenvinoVersion?.().buildNumber ?? ''} (openvino-node)`,
    load: (directory, loadOptions) => load(addon, core, directory, loadOptions, options.mostWaiting),
    close: async () => {},
  };
}

async function load(
  addon: Addon,
  core: Core,
  directory: string,
  options: LoadOptions,
  mostWaiting: number,
): Promise<LoadedModel> {
  const { model, weights } = await findModelFiles(directory);
  const mapping = await readMappingConfig(directory);
  const { mapped, config } = propertiesOf(options);
  try {
    core.setProperty({ ENABLE_MMAP: mapped });
    const read = await (weights === undefined ? core.readModel(model) : core.readModel(model, weights));
    const { inputs, outputs } = portsOf(read, mapping);
    const layouts = portLayouts(options.layouts, inputs, outputs, renamedKeys(await readToldLayouts(model), mapping));
    if (options.preprocessing) throw new Error(noPreprocessing);
    transpose(addon, read, layouts);
    if (options.reshape) reshape(read, options.reshape, layouts, mapping);
    const compiled = await core.compileModel(read, options.targetDevice, config);
    const count = options.inferRequests || Number(compiled.getProperty('OPTIMAL_NUMBER_OF_INFER_REQUESTS')) || 1;
    const requests = Array.from({ length: count }, () => compiled.createInferRequest());
    const loaded = new OpenVinoNodeModel(addon, compiled, requests, mostWaiting, layouts, mapping);
    return withTransposedOutputs(loaded, ...seenOutputs(loaded.outputs, layouts));
  } catch (error) {
    if (error instanceof ServingError) throw error;
    throw new ServingError('failed-precondition', `Cannot serve the model - ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function portsOf(model: Pick<Model, 'inputs' | 'outputs'>, mapping: MappingConfig) {
  return renamed({ inputs: model.inputs.map(modelPort), outputs: model.outputs.map(modelPort) }, mapping);
}

function modelPort(port: Output): ModelPort {
  return { name: port.getAnyName(), shape: shapeOf(port) };
}

/** @throws ServingError `failed-precondition` */
function transpose(addon: Addon, model: Model, { inputs }: PortLayouts): void {
  if (inputs.every(({ seen, own }) => seen === own)) return;
  try {
    const steps = new addon.preprocess.PrePostProcessor(model);
    for (const [index, { seen, own }] of inputs.entries()) {
      if (seen === own) continue;
      steps.input(index).tensor().setLayout(seen);
      steps.input(index).model().setLayout(own);
    }
    steps.build();
  } catch (cause) {
    throw new ServingError('failed-precondition', `${couldNotTranspose} - ${(cause as Error).message}`, { cause });
  }
}

/** @throws ServingError `failed-precondition` */
function reshape(model: Model, wanted: Reshape, layouts: PortLayouts, mapping: MappingConfig): void {
  const inputs = portsOf(model, mapping).inputs.map((port, i) => ({ ...port, layout: layouts.inputs[i]!.seen }));
  const shapes = [...newShapes(wanted, inputs)].map(([index, shape]): [number, string] => [index, partialShape(shape)]);
  if (shapes.length === 0) return;
  try {
    model.reshape(new Map(shapes));
  } catch (cause) {
    throw new ServingError('failed-precondition', `${couldNotReshape} - ${(cause as Error).message}`, { cause });
  }
}

/** As OpenVINO reads a shape. */
function partialShape(shape: readonly Dimension[]): string {
  const sizes = shape.map(({ min, max }) => {
    if (min === max) return min;
    return max === Number.POSITIVE_INFINITY ? -1 : `${min}..${max}`;
  });
  return `[${sizes.join(',')}]`;
}

interface Port {
  readonly index: number;
  readonly precision: NumericPrecision;
  readonly info: TensorInfo;
}

class OpenVinoNodeModel implements LoadedModel {
  readonly signature: Signature;
  readonly inferRequests: number;
  readonly streams: number;
  readonly #addon: Addon;
  readonly #compiled: CompiledModel;
  readonly #inputs: readonly Port[];
  /** As the model gives them. */
  readonly outputs: readonly Port[];
  readonly #pool: RequestPool<InferRequest>;

  constructor(
    addon: Addon,
    compiled: CompiledModel,
    requests: readonly InferRequest[],
    mostWaiting: number,
    layouts: PortLayouts,
    mapping: MappingConfig,
  ) {
    const [request] = requests;
    const named = portsOf(compiled, mapping);
    this.#addon = addon;
    this.#compiled = compiled;
    this.#inputs = ports(
      named.inputs,
      (i) => request!.getInputTensor(i).getElementType(),
      (i) => layouts.inputs[i]!.seen,
    );
    this.outputs = ports(
      named.outputs,
      (i) => request!.getOutputTensor(i).getElementType(),
      (i) => layouts.outputs[i]!.own,
    );
    this.#pool = new RequestPool(requests, mostWaiting);
    this.inferRequests = requests.length;
    this.streams = streamsOf(compiled);
    this.signature = { inputs: this.#inputs.map(({ info }) => info), outputs: this.outputs.map(({ info }) => info) };
  }

  get inUse(): number {
    return this.#pool.inUse;
  }

  get waiting(): number {
    return this.#pool.waiting;
  }

  infer(inputs: readonly Tensor[], options: InferOptions): Promise<Inference> {
    return this.#infer(undefined, inputs, options);
  }

  async openState({ signal }: Pick<InferOptions, 'signal'>): Promise<ModelState> {
    this.#pool.give(await this.#pool.take(signal));
    const request = this.#compiled.createInferRequest();
    // It goes with the garbage.
    return { infer: (inputs, options) => this.#infer(request, inputs, options), close() {} };
  }

  /** @param own what is run in the place of one from the pool, by whoever has one of those */
  async #infer(own: InferRequest | undefined, inputs: readonly Tensor[], options: InferOptions): Promise<Inference> {
    const arrived = performance.now();
    const turn = await this.#pool.take(options.signal);
    const request = own ?? turn;
    options.onStart?.();
    const begin = performance.now();
    try {
      const tensors: InstanceType<Addon['Tensor']>[] = [];
      this.#inputs.forEach(({ index }, i) => {
        tensors[index] = this.#tensor(inputs[i]! as NumericTensor);
      });
      await request.inferAsync(tensors);
      const ranMs = performance.now() - begin;
      const outputs = this.outputs.map((port) => output(request, port));
      return { outputs, waitedMs: begin - arrived, ranMs, release: () => this.#pool.give(turn) };
    } catch (cause) {
      this.#pool.give(turn);
      throw new ServingError('internal', 'Internal inference error', { cause });
    }
  }

  async rehearse(inputs: readonly Tensor[]): Promise<void> {
    (await this.infer(inputs, {})).release();
  }

  async close(): Promise<void> {
    await this.#pool.drain();
  }

  /** The package wants arrays of the element type, which must be aligned: a copy makes them so. */
  #tensor({ precision, shape, data }: NumericTensor) {
    const type = elementTypes.find((name) => precisions[name] === precision)!;
    const Elements = arrays[precision as keyof typeof arrays];
    return new this.#addon.Tensor(type, shape, new Elements(new Uint8Array(data).buffer));
  }
}

function ports(
  named: readonly ModelPort[],
  elementType: (index: number) => number | string,
  layout: (index: number) => Layout,
): Port[] {
  const list = named.map((port, index) => {
    const type = elementType(index);
    const name = typeof type === 'number' ? elementTypes[type] : (type as (typeof elementTypes)[number]);
    const precision = name && precisions[name];
    if (!precision) throw new Error(`${port.name} has an element type that cannot be served (${type})`);
    return { index, precision, info: { ...port, precision, layout: layout(index) } };
  });
  return list.sort((a, b) => compareNames(a.info.name, b.info.name));
}

/** One for a device that does not say. */
function streamsOf(compiled: CompiledModel): number {
  try {
    return Math.max(1, Number(compiled.getProperty('NUM_STREAMS')) || 1);
  } catch {
    return 1;
  }
}

function shapeOf(port: Output): Dimension[] {
  return port.getPartialShape().getDimensions().map(dimension);
}

function dimension(size: number | [number, number]): Dimension {
  const [min, max] = typeof size === 'number' ? (size < 0 ? [0, -1] : [size, size]) : size;
  return { min, max: max < 0 ? Number.POSITIVE_INFINITY : max };
}

function output(request: InferRequest, { index, info, precision }: Port) {
  const tensor = request.getOutputTensor(index);
  const shape = tensor.getShape();
  const bytes = elementCount(shape)! * bytesPerElement[precision];
  return {
    name: info.name,
    tensor: { precision, shape, data: new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, bytes) },
  };
}
