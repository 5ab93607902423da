import type { Layout } from '../../model/layout.ts';
import { compareNames, type TensorInfo } from '../../model/signature.ts';
import type { LoadOptions } from '../../model/wanted.ts';
import type { PortLayouts } from '../layout.ts';
import { type MappingConfig, renamed } from '../mapping-config.ts';
import { precisionFromCode } from './element-type.ts';
import { InferRequest, type Port } from './infer-request.ts';
import { check, type Handle, handleFrom, type Library, offLoop, takeString } from './library.ts';
import { nameOf, shapeOf } from './port.ts';

export interface Ports {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

/**
 * The inputs and outputs of a compiled model, each list sorted by name.
 * @param layouts in the model's order
 * @param mapping what clients call them
 * @throws Error that names the port, if one has an element type that no protocol carries
 */
export function portsOf(library: Library, compiled: Handle, layouts: PortLayouts, mapping: MappingConfig): Ports {
  const inputs = list(library, 'input', library.inputsSize, (i, out) => library.input(compiled, i, out), compiled);
  const outputs = list(library, 'output', library.outputsSize, (i, out) => library.output(compiled, i, out), compiled);
  const named = renamed({ inputs, outputs }, mapping);
  return {
    inputs: sorted(named.inputs, (i) => layouts.inputs[i]!.seen),
    outputs: sorted(named.outputs, (i) => layouts.outputs[i]!.own),
  };
}

/** As many infer requests as asked for, or as the device likes best. */
export async function createRequests(
  library: Library,
  compiled: Handle,
  ports: Ports,
  options: LoadOptions,
): Promise<InferRequest[]> {
  const count = options.inferRequests || numberFrom(library, compiled, 'OPTIMAL_NUMBER_OF_INFER_REQUESTS');
  const requests: InferRequest[] = [];
  try {
    for (let i = 0; i < count; i++) requests.push(await createRequest(library, compiled, ports));
  } catch (error) {
    for (const request of requests) request.free();
    throw error;
  }
  return requests;
}

/** One infer request more. Off the event loop: it may have to wait for an inference that is under way. */
export async function createRequest(library: Library, compiled: Handle, ports: Ports): Promise<InferRequest> {
  const out: [Handle | null] = [null];
  check(library, await offLoop(library.createRequest, compiled, out));
  return new InferRequest(library, out[0]!, ports.inputs, ports.outputs);
}

/** How many inferences the device works on side by side; one for a device that does not say. */
export function streamsOf(library: Library, compiled: Handle): number {
  try {
    return numberFrom(library, compiled, 'NUM_STREAMS');
  } catch {
    return 1;
  }
}

/** A property that is a number of 1 or more. */
function numberFrom(library: Library, compiled: Handle, property: string): number {
  const address = handleFrom(library, (out) => library.compiledProperty(compiled, property, out));
  return Math.max(1, Number(takeString(library, address)) || 1);
}

function list(
  library: Library,
  kind: 'input' | 'output',
  size: Library['inputsSize'],
  portAt: (index: number, out: [Handle | null]) => number,
  compiled: Handle,
): Omit<TensorInfo, 'layout'>[] {
  const count: [number | bigint] = [0];
  check(library, size(compiled, count));
  return Array.from({ length: Number(count[0]) }, (_, index) => {
    const port = handleFrom(library, (out) => portAt(index, out));
    try {
      return readPort(library, port, kind, index);
    } finally {
      library.portFree(port);
    }
  });
}

function sorted(infos: readonly Omit<TensorInfo, 'layout'>[], layoutAt: (index: number) => Layout): Port[] {
  const ports = infos.map((info, index) => ({ index, info: { ...info, layout: layoutAt(index) } }));
  return ports.sort((a, b) => compareNames(a.info.name, b.info.name));
}

function readPort(library: Library, port: Handle, kind: 'input' | 'output', index: number): Omit<TensorInfo, 'layout'> {
  const name = nameOf(library, port, kind === 'output' ? 'out' : 'in', index);
  const type: [number] = [0];
  check(library, library.portType(port, type));
  const precision = precisionFromCode(type[0]);
  if (!precision)
    throw new Error(`${kind} ${name} has an element type that cannot be served (OpenVINO's number ${type[0]})`);
  return { name, precision, shape: shapeOf(library, port) };
}
