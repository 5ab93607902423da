import { fileURLToPath } from 'node:url';
import type { handleBidiStreamingCall, Server, ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { withMendedDescriptors } from './mend-descriptors.ts';

const protos = fileURLToPath(new URL('../../../../protos', import.meta.url));

/**
 * Lets clients such as grpcurl ask for the services and their messages.
 * @param ending aborted when the server is about to end: clients that keep their stream open must not hold it up
 */
export function addReflection(server: Server, ending: AbortSignal): void {
  const files = [
    'tensorflow_serving/apis/prediction_service.proto',
    'tensorflow_serving/apis/model_service.proto',
    'grpc_predict_v2.proto',
    'grpc/health/v1/health.proto',
  ];
  const definition = withMendedDescriptors(loadSync(files, { includeDirs: [protos], keepCase: true }));
  const addService = (service: ServiceDefinition, methods: UntypedServiceImplementation) => {
    const ended = Object.entries(methods).map(([name, method]) => [name, endedBy(ending, method as Streaming)]);
    server.addService(service, Object.fromEntries(ended));
  };
  new ReflectionService(definition).addToServer({ addService } as unknown as Server);
}

type Streaming = handleBidiStreamingCall<unknown, unknown>;

function endedBy(ending: AbortSignal, method: Streaming): Streaming {
  return (call) => {
    if (ending.aborted) return call.end();
    const end = () => call.end();
    ending.addEventListener('abort', end, { once: true });
    call.once('close', () => ending.removeEventListener('abort', end));
    method(call);
  };
}
