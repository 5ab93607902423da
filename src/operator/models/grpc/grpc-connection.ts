import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectHttp2,
  constants,
  type IncomingHttpHeaders,
} from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { connectionError, GrpcError, statusError } from './grpc-error.ts';

/** Flags and length before each message. */
const frameHead = 5;

const requestHeaders = { ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers' };

/** gRPC's status code for a call that went well. */
const ok = 0;

/** What a call is answered with. */
export interface GrpcAnswer {
  /** The initial metadata: what the server tells beside the message. */
  readonly headers: IncomingHttpHeaders;
  readonly message: Buffer;
}

/**
 * A connection for a few unary calls, which is then let go. It is made here rather than by grpc-js because that cannot end
 * an attempt to connect, begins another by itself when one has failed, and makes a call over a new connection cost three times
 * as much: docs/decisions/0009-ask-pods-over-bare-http2.md.
 */
export class GrpcConnection {
  readonly #address: string;
  readonly #largestAnswer: number;
  readonly #session: ClientHttp2Session;
  readonly #calls = new Set<(error: GrpcError) => void>();
  #established = false;
  #ended: GrpcError | undefined;

  /**
   * Begins to connect.
   * @param host an IP address
   * @param largestAnswer bytes of a message that are taken
   */
  constructor(host: string, port: number, largestAnswer: number) {
    this.#address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    this.#largestAnswer = largestAnswer;
    const socket = connectSocket({ host, port, noDelay: true });
    const end = (cause?: Error) => this.#end(connectionError(this.#address, cause, this.#established));
    // Heard before the session, which would end the calls first, and without the reason.
    socket.on('error', end).on('close', () => end());
    // The URL is not looked at: the address is the socket's, and each call names its authority.
    this.#session = connectHttp2('http://pod', {
      createConnection: () => socket,
      settings: { enablePush: false },
    });
    this.#session.once('remoteSettings', () => {
      this.#established = true;
    });
    this.#session.on('error', end).on('goaway', () => end());
  }

  /** `host:port`, as it is written. */
  get address(): string {
    return this.#address;
  }

  /** Whether the other end has shown that it speaks HTTP/2. */
  get established(): boolean {
    return this.#established;
  }

  /**
   * @param path `/package.Service/Method`
   * @throws GrpcError
   */
  call(path: string, message: Uint8Array): Promise<GrpcAnswer> {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(this.#ended);
      let stream: ClientHttp2Stream;
      try {
        stream = this.#session.request({ ...requestHeaders, ':path': path, ':authority': this.#address });
      } catch (cause) {
        // The session ended just now, and nothing was heard of it yet.
        return reject(connectionError(this.#address, cause as Error, this.#established));
      }
      const chunks: Buffer[] = [];
      let size = 0;
      let headers: IncomingHttpHeaders = {};
      let trailers: IncomingHttpHeaders = {};
      let httpStatus = 0;
      const fail = (error: GrpcError) => {
        this.#calls.delete(fail);
        reject(error);
        stream.close(constants.NGHTTP2_CANCEL);
      };
      this.#calls.add(fail);
      stream.on('response', (response) => {
        headers = response;
        httpStatus = response[':status'] ?? 0;
        // A call that fails at once has its trailers where the headers would be.
        if ('grpc-status' in response) trailers = response;
      });
      stream.on('trailers', (last: IncomingHttpHeaders) => {
        trailers = last;
      });
      stream.on('data', (chunk: Buffer) => {
        size += chunk.byteLength;
        if (size <= frameHead + this.#largestAnswer) chunks.push(chunk);
        else fail(new GrpcError('call', `${this.#address} gives an answer that is too large`));
      });
      stream.on('error', (cause) => {
        if (this.#session.destroyed) this.#end(connectionError(this.#address, cause, this.#established));
        else fail(new GrpcError('call', `${this.#address} broke the call off`, { cause }));
      });
      stream.on('close', () => {
        if (!this.#calls.delete(fail)) return;
        try {
          resolve({ headers, message: this.#read(httpStatus, trailers, Buffer.concat(chunks)) });
        } catch (error) {
          reject(error);
        }
      });
      const frame = Buffer.alloc(frameHead + message.byteLength);
      frame.writeUInt32BE(message.byteLength, 1);
      frame.set(message, frameHead);
      stream.end(frame);
    });
  }

  /** Ends it at once; calls under way fail. */
  destroy(): void {
    this.#end(new GrpcError('connection', 'ended'));
  }

  /** @throws GrpcError */
  #read(httpStatus: number, trailers: IncomingHttpHeaders, body: Buffer): Buffer {
    const told = trailers['grpc-status'];
    if (told === undefined) {
      // Whoever answers 200 and no status was cut off, or is another kind of server, as is whoever answers anything else.
      throw httpStatus === 0 || httpStatus === constants.HTTP_STATUS_OK
        ? new GrpcError('call', `${this.#address} broke the call off`)
        : new GrpcError('call', `no gRPC server answers at ${this.#address} (HTTP status ${httpStatus})`);
    }
    const code = Number(told);
    if (code !== ok) throw statusError(this.#address, code, String(trailers['grpc-message'] ?? ''));
    // No compression was offered.
    const whole = body.byteLength >= frameHead && body[0] === 0 && body.readUInt32BE(1) === body.byteLength - frameHead;
    if (!whole) throw new GrpcError('call', `${this.#address} is not understood: the answer is malformed`);
    return body.subarray(frameHead);
  }

  #end(error: GrpcError): void {
    if (this.#ended) return;
    this.#ended = error;
    for (const fail of [...this.#calls]) fail(error);
    this.#session.destroy();
  }
}
