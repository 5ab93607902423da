import { fileURLToPath } from 'node:url';
import {
  type ChannelCredentials,
  type ClientDuplexStream,
  credentials,
  type Client as GrpcClient,
  loadPackageDefinition,
  type Metadata,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { Cleanup } from './server.ts';

type Answer = (error: Error | null, response: unknown) => void;
type Stub = GrpcClient &
  Record<string, (request: unknown, answer: Answer) => void> & {
    ModelStreamInfer(metadata?: Metadata): ClientDuplexStream<unknown, StreamAnswer>;
  };

const loaded = loadSync('grpc_predict_v2.proto', {
  includeDirs: [fileURLToPath(new URL('../../protos', import.meta.url))],
  keepCase: true,
  longs: String,
  defaults: true,
  oneofs: true,
});
const { inference } = loadPackageDefinition(loaded) as unknown as {
  inference: { GRPCInferenceService: new (...how: unknown[]) => Stub };
};

export interface InferAnswer {
  readonly model_name: string;
  readonly model_version: string;
  readonly id: string;
  readonly outputs: readonly { readonly name: string; readonly datatype: string; readonly shape: readonly string[] }[];
  readonly raw_output_contents: readonly Buffer[];
}

export interface StreamAnswer {
  readonly error_message: string;
  readonly infer_response: InferAnswer | null;
}

/** A client of KServe's v2 protocol, by the project's own .proto. */
export class KServeClient {
  readonly stub: Stub;

  /** @param security of the channel; plain text unless given */
  constructor(t: Cleanup, port: number, security: ChannelCredentials = credentials.createInsecure()) {
    this.stub = new inference.GRPCInferenceService(`127.0.0.1:${port}`, security, {
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
      // A connection of its own: what one client has shaken hands for is not another's.
      'grpc.use_local_subchannel_pool': 1,
      // With TLS: no address will do for a name there.
      'grpc.ssl_target_name_override': 'localhost',
    });
    t.after(() => this.stub.close());
  }

  /** @throws ServiceError with gRPC's `code` and `details` */
  call<Response = Record<string, unknown>>(method: string, request: object = {}): Promise<Response> {
    return new Promise((resolve, reject) => {
      this.stub[method]!(request, (error, response) => (error ? reject(error) : resolve(response as Response)));
    });
  }

  infer(request: object): Promise<InferAnswer> {
    return this.call('ModelInfer', request);
  }

  /** Sends all the requests, then says that there are no more. @returns the answers, as they come */
  async stream(requests: readonly object[]): Promise<StreamAnswer[]> {
    const stream = this.stub.ModelStreamInfer();
    for (const request of requests) stream.write(request);
    stream.end();
    const answers: StreamAnswer[] = [];
    for await (const answer of stream) answers.push(answer as StreamAnswer);
    return answers;
  }
}

/** Strings as BYTES tensors have them. */
export function packed(...texts: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat(
    texts.flatMap((text) => {
      const bytes = Buffer.from(text as string);
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.byteLength);
      return [length, bytes];
    }),
  );
}

/** Lists the strings of a BYTES tensor. */
export function unpacked(bytes: Buffer): Buffer[] {
  const list: Buffer[] = [];
  for (let at = 0; at < bytes.byteLength; ) {
    const end = at + 4 + bytes.readUInt32LE(at);
    list.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return list;
}
