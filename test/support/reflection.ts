import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { type ClientDuplexStream, credentials, loadPackageDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

export interface ReflectionAnswer {
  readonly list_services_response: { readonly service: readonly { readonly name: string }[] };
}

type Stub = new (
  ...how: unknown[]
) => {
  ServerReflectionInfo(): ClientDuplexStream<object, ReflectionAnswer>;
  close(): void;
};

const library = dirname(createRequire(import.meta.url).resolve('@grpc/reflection/package.json'));

/** A stream of server reflection that has asked for the list of services; the client ends with the test. */
export function listServices(t: TestContext, port: number, version: 'v1' | 'v1alpha') {
  const file = join(library, 'build/proto/grpc/reflection', version, 'reflection.proto');
  const { grpc } = loadPackageDefinition(loadSync(file, { keepCase: true })) as unknown as {
    grpc: { reflection: Record<string, { ServerReflection: Stub }> };
  };
  const client = new grpc.reflection[version]!.ServerReflection(`127.0.0.1:${port}`, credentials.createInsecure());
  t.after(() => client.close());
  const stream = client.ServerReflectionInfo();
  // The server may end before the stream does.
  stream.on('error', () => undefined);
  stream.write({ list_services: '' });
  return stream;
}
