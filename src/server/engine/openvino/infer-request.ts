import type { NamedTensor } from '../../model/inference.ts';
import { isStatic, type Signature, type TensorInfo } from '../../model/signature.ts';
import { bytesPerElement, elementCount, type NumericTensor, type Shape, type Tensor } from '../../model/tensor.ts';
import { elementTypeCode } from './element-type.ts';
import {
  check,
  decodeArray,
  type Handle,
  handleFrom,
  type Library,
  memoryAt,
  nativeShape,
  offLoop,
} from './library.ts';
import { createStringTensor, readStrings } from './string-tensor.ts';

/** A port of the model: what clients see of it, and its place in the model, which is not the signature's. */
export interface Port {
  readonly info: TensorInfo;
  readonly index: number;
}

/**
 * Below this many bytes, copying into the request's own tensor costs less than making a tensor over the client's bytes
 * (three calls into the runtime, 3 µs).
 */
const copyBelow = 16_384;

/** A tensor of fixed shape that belongs to a request for its life, and its memory. */
interface OwnTensor {
  readonly handle: Handle;
  readonly memory: Uint8Array;
}

/**
 * One of a compiled model's infer requests. Inputs are set, it runs, outputs are read, all of it by one user at a time.
 * Outputs of fixed shape are written by the runtime into the same memory each time, so that reading them takes no call.
 */
export class InferRequest {
  readonly #library: Library;
  readonly #handle: Handle;
  readonly #inputs: readonly Port[];
  readonly #outputs: readonly Port[];
  readonly #ownInputs: readonly (OwnTensor | undefined)[];
  readonly #fixedOutputs: readonly (NamedTensor | undefined)[];
  readonly #owned: Handle[] = [];
  /** Made for the inference under way. */
  #temporary: Handle[] = [];
  /** Of the inference under way: the runtime reads their memory, which nothing else may hold any more. */
  #inputsInUse: readonly Tensor[] = [];

  constructor(library: Library, handle: Handle, inputs: readonly Port[], outputs: readonly Port[]) {
    this.#library = library;
    this.#handle = handle;
    this.#inputs = inputs;
    this.#outputs = outputs;
    this.#ownInputs = inputs.map(({ info, index }) => {
      const bytes = fixedBytes(info);
      if (bytes === undefined || bytes > copyBelow) return undefined;
      const own = this.#own(info, bytes);
      check(library, library.setInput(handle, index, own.handle));
      return own;
    });
    this.#fixedOutputs = outputs.map(({ info, index }) => {
      const bytes = fixedBytes(info);
      if (bytes === undefined) return undefined;
      const own = this.#own(info, bytes);
      check(library, library.setOutput(handle, index, own.handle));
      const shape = fixedShape(info)!;
      return { name: info.name, tensor: { precision: info.precision, shape, data: own.memory } as NumericTensor };
    });
  }

  /** Hands the tensors over, in the order of the ports. They must stay unchanged until the run is over. */
  setInputs(tensors: readonly Tensor[]): void {
    this.#inputsInUse = tensors;
    for (let i = 0; i < this.#inputs.length; i++) {
      const tensor = tensors[i]!;
      const own = this.#ownInputs[i];
      if (own && tensor.precision !== 'STRING') {
        own.memory.set(tensor.data);
        continue;
      }
      const handle = tensor.precision === 'STRING' ? this.#stringTensor(tensor) : this.#tensorOver(tensor);
      this.#temporary.push(handle);
      check(this.#library, this.#library.setInput(this.#handle, this.#inputs[i]!.index, handle));
    }
  }

  /** On the calling thread. */
  run(): void {
    check(this.#library, this.#library.infer(this.#handle));
  }

  /** On a thread of the pool. */
  async runOffLoop(): Promise<void> {
    const { infer, calls } = this.#library;
    const running = offLoop(infer, this.#handle);
    calls.running.add(running);
    try {
      check(this.#library, await running);
    } finally {
      calls.running.delete(running);
    }
  }

  /** What the last run gave: views that hold until `clear`. */
  outputs(): NamedTensor[] {
    return this.#outputs.map(({ info, index }, i) => this.#fixedOutputs[i] ?? this.#output(info, index));
  }

  /** Frees what was made for the last run. */
  clear(): void {
    if (this.#inputsInUse.length > 0) this.#inputsInUse = [];
    if (this.#temporary.length === 0) return;
    for (const handle of this.#temporary) this.#library.tensorFree(handle);
    this.#temporary = [];
  }

  free(): void {
    this.clear();
    for (const handle of this.#owned) this.#library.tensorFree(handle);
    this.#library.requestFree(this.#handle);
  }

  #own(info: TensorInfo, bytes: number): OwnTensor {
    const library = this.#library;
    const shape = nativeShape(fixedShape(info)!);
    const handle = handleFrom(library, (out) => library.tensorCreate(elementTypeCode(info.precision), shape, out));
    this.#owned.push(handle);
    return { handle, memory: memoryAt(dataOf(library, handle), bytes) };
  }

  #stringTensor(tensor: Extract<Tensor, { precision: 'STRING' }>): Handle {
    return createStringTensor(this.#library, tensor.shape, tensor.strings);
  }

  #tensorOver(tensor: NumericTensor): Handle {
    const library = this.#library;
    const type = elementTypeCode(tensor.precision);
    const shape = nativeShape(tensor.shape);
    if (tensor.data.byteLength === 0) return handleFrom(library, (out) => library.tensorCreate(type, shape, out));
    return handleFrom(library, (out) => library.tensorOverHost(type, shape, settled(tensor.data), out));
  }

  #output(info: TensorInfo, index: number): NamedTensor {
    const library = this.#library;
    const handle = handleFrom(library, (out) => library.getOutput(this.#handle, index, out));
    this.#temporary.push(handle);
    const shape = shapeOf(library, handle);
    const count = elementCount(shape)!;
    const { name, precision } = info;
    if (precision === 'STRING') {
      return { name, tensor: { precision, shape, strings: readStrings(library, handle, count) } };
    }
    const bytes = count * bytesPerElement[precision];
    return { name, tensor: { precision, shape, data: memoryAt(bytes ? dataOf(library, handle) : 0n, bytes) } };
  }
}

/** The ports' infos as clients see them. */
export function signatureOf(inputs: readonly Port[], outputs: readonly Port[]): Signature {
  return { inputs: inputs.map(({ info }) => info), outputs: outputs.map(({ info }) => info) };
}

function fixedShape(info: TensorInfo): Shape | undefined {
  return info.shape?.every(isStatic) ? info.shape.map((size) => size.min) : undefined;
}

/** Undefined where the shape may vary or elements have no size; 0 is left to the general way too. */
function fixedBytes(info: TensorInfo): number | undefined {
  const shape = fixedShape(info);
  if (!shape || info.precision === 'STRING') return undefined;
  return elementCount(shape)! * bytesPerElement[info.precision] || undefined;
}

/**
 * Typed arrays of up to 64 bytes may lie on V8's heap, where they move. Asking for their buffer moves them off it for good.
 */
function settled(data: Uint8Array): Uint8Array {
  return data.buffer.byteLength > 0 ? data : new Uint8Array(0);
}

function dataOf(library: Library, tensor: Handle): Handle {
  return handleFrom(library, (out) => library.tensorData(tensor, out));
}

function shapeOf(library: Library, tensor: Handle): number[] {
  const shape = { rank: 0, dims: 0n };
  check(library, library.tensorShape(tensor, shape));
  const sizes = decodeArray(shape.dims, 'int64_t', Number(shape.rank)).map(Number);
  library.shapeFree(shape);
  return sizes;
}
