import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesPerElement, type NumericPrecision, type Precision } from '../../src/server/model/tensor.ts';

/** A dimension: a size, -1 for any, or `1..5` for a range. */
export type Size = number | string;

interface Node {
  readonly id: number;
  readonly precision: Precision;
  readonly shape: readonly Size[];
}

const elementTypes: Readonly<Record<Precision, string>> = {
  BOOL: 'boolean',
  BF16: 'bf16',
  FP16: 'f16',
  FP32: 'f32',
  FP64: 'f64',
  I8: 'i8',
  I16: 'i16',
  I32: 'i32',
  I64: 'i64',
  U8: 'u8',
  U16: 'u16',
  U32: 'u32',
  U64: 'u64',
  STRING: 'string',
};

/** Writes models in OpenVINO's IR, layer by layer: small ones that do something whose result is known to the bit. */
export class IrModel {
  readonly #layers: string[] = [];
  readonly #edges: string[] = [];
  readonly #weights: Buffer[] = [];
  #weightBytes = 0;

  input(name: string, precision: Precision, shape: readonly Size[]): Node {
    return this.#layer(
      'Parameter',
      { shape: shape.join(','), element_type: elementTypes[precision] },
      [],
      precision,
      shape,
      name,
    );
  }

  /** @param data the elements' bytes */
  constant(precision: NumericPrecision, shape: readonly number[], data: Uint8Array): Node {
    const offset = this.#weightBytes;
    this.#weights.push(Buffer.from(data));
    this.#weightBytes += data.byteLength;
    const attributes = { element_type: elementTypes[precision], shape: shape.join(','), offset, size: data.byteLength };
    return this.#layer('Const', attributes, [], precision, shape);
  }

  /** @param name of the tensor that comes out, where it has one */
  operation(type: string, inputs: readonly Node[], options: OperationOptions = {}): Node {
    const {
      attributes = {},
      precision = inputs[0]!.precision,
      shape = inputs[0]!.shape,
      name,
      opset = 'opset1',
    } = options;
    return this.#layer(type, attributes, inputs, precision, shape, name, opset);
  }

  output(node: Node): this {
    this.#layer('Result', {}, [node], node.precision, node.shape);
    return this;
  }

  /** Writes `model.xml` and `model.bin` into a folder, which is made if need be. */
  write(folder: string): void {
    mkdirSync(folder, { recursive: true });
    const net = ['<?xml version="1.0"?>', '<net name="test" version="11">', '<layers>', ...this.#layers, '</layers>'];
    writeFileSync(join(folder, 'model.xml'), [...net, '<edges>', ...this.#edges, '</edges>', '</net>', ''].join('\n'));
    writeFileSync(join(folder, 'model.bin'), Buffer.concat(this.#weights));
  }

  #layer(
    type: string,
    attributes: Readonly<Record<string, string | number>>,
    inputs: readonly Node[],
    precision: Precision,
    shape: readonly Size[],
    name = '',
    opset = 'opset1',
  ): Node {
    const id = this.#layers.length;
    const data = Object.entries(attributes).map(([key, value]) => ` ${key}="${value}"`);
    const ports = inputs.map((input, i) => {
      const from = this.#layers[input.id]!.match(/<output><port id="(\d+)"/)![1];
      this.#edges.push(`<edge from-layer="${input.id}" from-port="${from}" to-layer="${id}" to-port="${i}"/>`);
      return port(i, input);
    });
    const out = type === 'Result' ? '' : `<output>${port(inputs.length, { id, precision, shape }, name)}</output>`;
    const into = ports.length > 0 ? `<input>${ports.join('')}</input>` : '';
    this.#layers.push(
      `<layer id="${id}" name="${name || `n${id}`}" type="${type}" version="${opset}">${data.length ? `<data${data.join('')}/>` : ''}${into}${out}</layer>`,
    );
    return { id, precision, shape };
  }
}

export interface OperationOptions {
  readonly attributes?: Readonly<Record<string, string | number>>;
  readonly precision?: Precision;
  readonly shape?: readonly Size[];
  readonly name?: string;
  readonly opset?: string;
}

function port(id: number, { precision, shape }: Node, name = ''): string {
  const dims = shape.map((size) => `<dim>${typeof size === 'number' ? size : -1}</dim>`).join('');
  return `<port id="${id}" precision="${precision}"${name ? ` names="${name}"` : ''}>${dims}</port>`;
}

/** One element's bytes, little-endian; 16-bit floats by their bits. */
export function scalar(precision: NumericPrecision, value: number): Buffer {
  const bytes = Buffer.alloc(bytesPerElement[precision]);
  switch (precision) {
    case 'FP32':
      bytes.writeFloatLE(value);
      break;
    case 'FP64':
      bytes.writeDoubleLE(value);
      break;
    case 'I64':
    case 'U64':
      bytes.writeBigInt64LE(BigInt(value));
      break;
    case 'FP16':
    case 'BF16':
      bytes.writeUInt16LE({ 0: 0, 1: precision === 'FP16' ? 0x3c00 : 0x3f80 }[value]!);
      break;
    default:
      bytes.writeIntLE(value, 0, bytes.length);
  }
  return bytes;
}

/** `a` = `b` + a constant, element by element. The constant tells versions apart. */
export function addModel(precision: NumericPrecision, shape: readonly Size[], addend = 1): IrModel {
  const model = new IrModel();
  const b = model.input('b', precision, shape);
  const one = model.constant(precision, [], scalar(precision, addend));
  return model.output(model.operation('Add', [b, one], { attributes: { auto_broadcast: 'numpy' }, name: 'a' }));
}

/**
 * Keeps a state: `a` = `b` + what `a` was the last time, `initial` at first, element by element.
 * @param shape of input, output and state
 */
export function accumulatorModel(precision: NumericPrecision, shape: readonly number[], initial = 0): IrModel {
  const model = new IrModel();
  const b = model.input('b', precision, shape);
  const count = shape.reduce((product, size) => product * size, 1);
  const first = Buffer.concat(Array.from({ length: count }, () => scalar(precision, initial)));
  const variable = { variable_id: 'total' };
  const total = model.operation('ReadValue', [model.constant(precision, shape, first)], {
    opset: 'opset6',
    attributes: { ...variable, variable_type: elementTypes[precision], variable_shape: shape.join(',') },
  });
  const sum = model.operation('Add', [b, total], { attributes: { auto_broadcast: 'numpy' }, name: 'a' });
  model.operation('Assign', [sum], { opset: 'opset6', attributes: variable });
  return model.output(sum);
}

/** `a` = `b` as it is, for element types that have no arithmetic; one dimension. */
export function identityModel(precision: Precision): IrModel {
  const model = new IrModel();
  const b = model.input('b', precision, [-1]);
  const shape = model.constant('I64', [1], scalar('I64', -1));
  return model.output(model.operation('Reshape', [b, shape], { attributes: { special_zero: 'false' }, name: 'a' }));
}

/** Rows of a table by their numbers: `a` [-1, width] = table[`b` I32 [-1]]. The table's element i is i + addend. */
export function tableModel(rows: number, width: number, addend = 0): IrModel {
  const table = new Float32Array(rows * width).map((_, i) => i + addend);
  const model = new IrModel();
  const b = model.input('b', 'I32', [-1]);
  const values = model.constant('FP32', [rows, width], new Uint8Array(table.buffer));
  const axis = model.constant('I64', [], Buffer.alloc(8));
  return model.output(
    model.operation('Gather', [values, b, axis], {
      opset: 'opset8',
      attributes: { batch_dims: 0 },
      shape: [-1, width],
      name: 'a',
    }),
  );
}

/** `a` = `b`, by way of `steps` multiplications with the unit matrix: takes long, and longer the more rows. */
export function slowModel(width = 1024, steps = 16): IrModel {
  const unit = new Float32Array(width * width).map((_, i) => (i % (width + 1) === 0 ? 1 : 0));
  const model = new IrModel();
  const matrix = model.constant('FP32', [width, width], new Uint8Array(unit.buffer));
  let node = model.input('b', 'FP32', [-1, width]);
  for (let step = 1; step <= steps; step++) {
    const attributes = { transpose_a: 'false', transpose_b: 'false' };
    node = model.operation('MatMul', [node, matrix], { attributes, ...(step === steps ? { name: 'a' } : {}) });
  }
  return model.output(node);
}

/** `a` = `b`, an image of size x size, after so many 3 x 3 convolutions over 32 channels, which leave it as it is. */
export function convolutionModel(size: number, layers: number): IrModel {
  const channels = 32;
  const model = new IrModel();
  const kernel = (to: number, from: number) => {
    const weights = new Float32Array(to * from * 9);
    for (let channel = 0; channel < Math.min(to, from); channel++) weights[(channel * from + channel) * 9 + 4] = 1;
    return model.constant('FP32', [to, from, 3, 3], new Uint8Array(weights.buffer));
  };
  const attributes = { strides: '1,1', pads_begin: '1,1', pads_end: '1,1', dilations: '1,1', auto_pad: 'explicit' };
  const convolve = (node: Node, weights: Node, name?: string) =>
    model.operation('Convolution', [node, weights], { attributes, ...(name ? { name } : {}) });
  let node = convolve(model.input('b', 'FP32', [1, 1, size, size]), kernel(channels, 1));
  const between = kernel(channels, channels);
  for (let layer = 0; layer < layers; layer++) node = convolve(node, between);
  return model.output(convolve(node, kernel(1, channels), 'a'));
}
