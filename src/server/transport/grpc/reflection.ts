import { fileURLToPath } from 'node:url';
import { loadSync } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { withMendedDescriptors } from './mend-descriptors.ts';

const protos = fileURLToPath(new URL('../../../../protos', import.meta.url));

/** Lets clients such as grpcurl ask for the services and their messages. */
export function reflection(): ReflectionService {
  const files = [
    'tensorflow_serving/apis/prediction_service.proto',
    'tensorflow_serving/apis/model_service.proto',
    'grpc/health/v1/health.proto',
  ];
  return new ReflectionService(withMendedDescriptors(loadSync(files, { includeDirs: [protos], keepCase: true })));
}
