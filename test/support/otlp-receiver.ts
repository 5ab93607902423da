import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { type handleUnaryCall, Server, ServerCredentials } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { type ExportRequest, type ReceivedSpan, spansOf } from './otlp-spans.ts';

export type { ReceivedSpan };

export type OtlpProtocol = 'grpc' | 'http/protobuf' | 'http/json';

/** What a test waits for at most before it fails, saying what has come in so far. */
const waitMs = 20_000;

/** The same for both messages of OTLP's answer to an export: all of it was taken. */
const accepted = Buffer.alloc(0);

/** A collector for tests: takes spans by OTLP over gRPC and HTTP, on loopback, and keeps them. */
export class OtlpReceiver {
  readonly grpcEndpoint: string;
  readonly httpEndpoint: string;
  /** In the order in which they came. */
  readonly spans: ReceivedSpan[] = [];
  /** How each of the requests came in. */
  readonly protocols: OtlpProtocol[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #stop: () => Promise<void>;

  /** Use `startOtlpReceiver`. */
  constructor(grpcPort: number, httpPort: number, stop: () => Promise<void>) {
    this.grpcEndpoint = `http://127.0.0.1:${grpcPort}`;
    this.httpEndpoint = `http://127.0.0.1:${httpPort}`;
    this.#stop = stop;
  }

  take(protocol: OtlpProtocol, request: ExportRequest): void {
    this.protocols.push(protocol);
    this.spans.push(...spansOf(request));
    for (const check of this.#waiting) check();
  }

  /** The first span that fits, now or later. */
  async waitFor(predicate: (span: ReceivedSpan) => boolean): Promise<ReceivedSpan> {
    await this.waitUntil((spans) => spans.some(predicate));
    return this.spans.find(predicate)!;
  }

  /** Resolves with all spans as soon as they fulfil the condition. */
  waitUntil(condition: (spans: readonly ReceivedSpan[]) => boolean): Promise<readonly ReceivedSpan[]> {
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(check);
      };
      const timer = setTimeout(() => {
        done();
        reject(new Error(`What was waited for has not come. Spans so far: ${this.spans.map(({ name }) => name)}`));
      }, waitMs);
      const check = () => {
        if (!condition(this.spans)) return;
        done();
        resolve(this.spans);
      };
      this.#waiting.add(check);
      check();
    });
  }

  close(): Promise<void> {
    return this.#stop();
  }
}

/** @param host where it listens */
export async function startOtlpReceiver(host = '127.0.0.1'): Promise<OtlpReceiver> {
  const { root } = await protobuf.load(join(import.meta.dirname, 'protos/otlp-trace.proto'));
  const type = root.lookupType('otlp.ExportTraceServiceRequest');
  const decode = (bytes: Uint8Array): ExportRequest => type.toObject(type.decode(bytes), { longs: String });
  const take = (protocol: OtlpProtocol, request: ExportRequest) => receiver.take(protocol, request);

  const grpc = new Server();
  const handleExport: handleUnaryCall<Buffer, Buffer> = (call, callback) => {
    take('grpc', decode(call.request));
    callback(null, accepted);
  };
  const same = (bytes: Buffer) => bytes;
  grpc.addService(
    {
      export: {
        path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
        requestStream: false,
        responseStream: false,
        requestSerialize: same,
        requestDeserialize: same,
        responseSerialize: same,
        responseDeserialize: same,
      },
    },
    { export: handleExport },
  );
  const grpcPort = await new Promise<number>((resolve, reject) =>
    grpc.bindAsync(`${host}:0`, ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    ),
  );

  const http = createServer(async (request, response) => answerHttp(request, response, decode, take));
  await once(http.listen(0, host), 'listening');

  const receiver = new OtlpReceiver(grpcPort, (http.address() as AddressInfo).port, async () => {
    grpc.forceShutdown();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  });
  return receiver;
}

async function answerHttp(
  request: IncomingMessage,
  response: ServerResponse,
  decode: (bytes: Uint8Array) => ExportRequest,
  take: (protocol: OtlpProtocol, request: ExportRequest) => void,
): Promise<void> {
  const body = await buffer(request);
  const bytes = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
  const type = request.headers['content-type'];
  if (request.method !== 'POST' || request.url !== '/v1/traces') {
    response.writeHead(404).end();
  } else if (type === 'application/json') {
    take('http/json', JSON.parse(bytes.toString('utf8')));
    response.writeHead(200, { 'content-type': type }).end('{}');
  } else {
    take('http/protobuf', decode(bytes));
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end(accepted);
  }
}
