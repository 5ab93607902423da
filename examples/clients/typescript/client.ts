// What the sample clients share: a connection to the server, by the protos that the project ships.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type ChannelCredentials, credentials, loadPackageDefinition, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

type Answer = (error: ServiceError | null, response: unknown) => void;
type Stub = Record<string, (request: unknown, answer: Answer) => void> & { close(): void };
type StubConstructor = new (address: string, credentials: ChannelCredentials, options: object) => Stub;

const includeDirs = [fileURLToPath(new URL('../../../protos', import.meta.url))];
const loaded = loadSync(
  ['tensorflow_serving/apis/prediction_service.proto', 'tensorflow_serving/apis/model_service.proto'],
  { includeDirs, keepCase: true, longs: String, enums: String },
);
const services = (
  loadPackageDefinition(loaded) as unknown as { tensorflow: { serving: Record<string, StubConstructor> } }
).tensorflow.serving;
const largest = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 };

export class Client {
  readonly #stubs: Readonly<Record<'PredictionService' | 'ModelService', Stub>>;

  /** @param address `host:port` */
  constructor(address: string) {
    const stub = (name: string) => new services[name]!(address, credentials.createInsecure(), largest);
    this.#stubs = { PredictionService: stub('PredictionService'), ModelService: stub('ModelService') };
  }

  /** @throws ServiceError with gRPC's `code` and `details` */
  call<Response>(service: 'PredictionService' | 'ModelService', method: string, request: unknown): Promise<Response> {
    return new Promise((resolve, reject) => {
      this.#stubs[service][method]!(request, (error, response) =>
        error ? reject(error) : resolve(response as Response),
      );
    });
  }

  close(): void {
    this.#stubs.PredictionService.close();
    this.#stubs.ModelService.close();
  }
}

export interface TensorProto {
  readonly dtype: string;
  readonly tensor_shape: { readonly dim: readonly { readonly size: string | number }[] };
  readonly tensor_content: Buffer;
  /** In its place, where dtype is DT_STRING. */
  readonly string_val?: readonly Buffer[];
}

export interface PredictResponse {
  readonly model_spec: { readonly name: string; readonly version: { readonly value: string } };
  readonly outputs: Readonly<Record<string, TensorProto>>;
}

/** A tensor of 32-bit floats. */
export function floats(values: Float32Array, ...shape: readonly number[]): TensorProto {
  const tensor_content = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return { dtype: 'DT_FLOAT', tensor_shape: { dim: shape.map((size) => ({ size })) }, tensor_content };
}

/** JPEGs, PNGs, …, one for each place of the batch, as an input that is an image takes them. */
export function imageFiles(...files: readonly Buffer[]) {
  return { dtype: 'DT_STRING', tensor_shape: { dim: [{ size: files.length }] }, string_val: files };
}

const arrays = {
  DT_FLOAT: Float32Array,
  DT_DOUBLE: Float64Array,
  DT_INT8: Int8Array,
  DT_INT16: Int16Array,
  DT_INT32: Int32Array,
  DT_INT64: BigInt64Array,
  DT_UINT8: Uint8Array,
  DT_UINT16: Uint16Array,
  DT_UINT32: Uint32Array,
  DT_UINT64: BigUint64Array,
} as const;

/** A tensor's elements, in row-major order. */
export function elements({ dtype, tensor_content }: TensorProto): number[] {
  const Elements = arrays[dtype as keyof typeof arrays];
  // A copy, because the bytes need not be aligned where they lie.
  const bytes = new Uint8Array(tensor_content).buffer;
  return Array.from(new Elements(bytes) as unknown as Iterable<number | bigint>, Number);
}

/** Flags that every sample client has, and the ones of its own. */
export function readFlags(own: Record<string, { type: 'string'; default?: string }> = {}) {
  const options = {
    grpc_address: { type: 'string', default: 'localhost' },
    grpc_port: { type: 'string', default: '9000' },
    model_name: { type: 'string', default: 'digits' },
    model_version: { type: 'string' },
    ...own,
  } as const;
  let values: Record<string, string | undefined>;
  try {
    values = parseArgs({ options }).values as typeof values;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\nFlags: --${Object.keys(options).join(', --')}\n`);
    process.exit(2);
  }
  const model_spec = {
    name: values.model_name,
    ...(values.model_version ? { version: { value: values.model_version } } : {}),
  };
  return { values, model_spec, client: new Client(`${values.grpc_address}:${values.grpc_port}`) };
}

/** gRPC's code for a server that cannot be reached. */
const unavailable = 14;

/** Runs a sample client; what goes wrong is printed as one line. */
export async function run(client: Client, body: () => Promise<void>): Promise<void> {
  try {
    await body();
  } catch (error) {
    const { code, details, message } = error as ServiceError;
    if (details === undefined) process.stderr.write(`${message}\n`);
    else if (code === unavailable) process.stderr.write(`The server cannot answer: ${details} (gRPC code ${code})\n`);
    else process.stderr.write(`The server refused: ${details} (gRPC code ${code})\n`);
    process.exitCode = 1;
  } finally {
    client.close();
  }
}
