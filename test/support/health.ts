import { fileURLToPath } from 'node:url';
import { type ClientReadableStream, credentials, loadPackageDefinition, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { outcome } from './predict.ts';
import { type Cleanup, eventually } from './server.ts';

interface Stub {
  Check(request: object, answer: (error: ServiceError | null, response: { status: string }) => void): void;
  Watch(request: object): ClientReadableStream<{ status: string }>;
  close(): void;
}

const includeDirs = [fileURLToPath(new URL('../../protos', import.meta.url))];
const loaded = loadPackageDefinition(loadSync('grpc/health/v1/health.proto', { includeDirs, enums: String }));
const { Health } = (loaded as unknown as { grpc: { health: { v1: { Health: new (...how: unknown[]) => Stub } } } }).grpc
  .health.v1;

/** A client of grpc.health.v1, which ends with the test. */
export class HealthClient {
  readonly #stub: Stub;
  readonly #watches: ClientReadableStream<unknown>[] = [];

  constructor(t: Cleanup, port: number) {
    this.#stub = new Health(`127.0.0.1:${port}`, credentials.createInsecure());
    t.after(() => {
      for (const watch of this.#watches) watch.cancel();
      this.#stub.close();
    });
  }

  /** The status, or `code details` of a refusal. */
  check(service: string): Promise<unknown> {
    const answer = new Promise((resolve, reject) => {
      this.#stub.Check({ service }, (error, { status } = { status: '' }) => (error ? reject(error) : resolve(status)));
    });
    return outcome(answer);
  }

  watch(service: string): Watch {
    const stream = this.#stub.Watch({ service });
    this.#watches.push(stream);
    return new Watch(stream);
  }
}

/** What a Watch has told, in order. */
export class Watch {
  readonly told: string[] = [];

  constructor(stream: ClientReadableStream<{ status: string }>) {
    stream.on('data', ({ status }) => this.told.push(status));
    stream.on('error', ({ code }: ServiceError) => this.told.push(`error ${code}`));
  }

  /** Resolves with all that was told once this many are there. */
  first(count: number): Promise<string[]> {
    return eventually(
      async () => this.told,
      (told) => told.length >= count,
    );
  }
}
