import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import protobuf from 'protobufjs';

const folder = join(import.meta.dirname, '../protos');
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.proto'));

/** As a client's build does: the file by its import path, with nothing but this folder to find imports in. */
function load(file: string): protobuf.Root {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => (target in protobuf.common ? target : join(folder, target));
  root.loadSync(file, { keepCase: true }).resolveAll();
  return root;
}

/** By full name, what each method takes and gives. */
function methodsOf(file: string): Record<string, string> {
  const found: Record<string, string> = {};
  const visit = (space: protobuf.NamespaceBase) => {
    for (const nested of space.nestedArray) {
      if (nested instanceof protobuf.Service) {
        for (const method of nested.methodsArray) {
          const stream = method.responseStream ? 'stream ' : '';
          const types = `${method.resolvedRequestType?.fullName} -> ${stream}${method.resolvedResponseType?.fullName}`;
          found[`/${nested.fullName.slice(1)}/${method.name}`] = types;
        }
      } else if (nested instanceof protobuf.Namespace) visit(nested);
    }
  };
  visit(load(file));
  return found;
}

test('every .proto loads by itself, with all that it names', () => {
  assert.ok(files.length >= 20, `only ${files.length} files`);
  for (const file of files) assert.doesNotThrow(() => load(file), file);
});

test('the services have the methods that clients call', () => {
  const pair = (name: string) => `.tensorflow.serving.${name}Request -> .tensorflow.serving.${name}Response`;
  assert.deepEqual(methodsOf('tensorflow_serving/apis/prediction_service.proto'), {
    '/tensorflow.serving.PredictionService/Classify': pair('Classification'),
    '/tensorflow.serving.PredictionService/Regress': pair('Regression'),
    '/tensorflow.serving.PredictionService/Predict': pair('Predict'),
    '/tensorflow.serving.PredictionService/MultiInference': pair('MultiInference'),
    '/tensorflow.serving.PredictionService/GetModelMetadata': pair('GetModelMetadata'),
  });
  assert.deepEqual(methodsOf('tensorflow_serving/apis/model_service.proto'), {
    '/tensorflow.serving.ModelService/GetModelStatus': pair('GetModelStatus'),
    '/tensorflow.serving.ModelService/HandleReloadConfigRequest': pair('ReloadConfig'),
  });
  const check = '.grpc.health.v1.HealthCheckRequest -> ';
  assert.deepEqual(methodsOf('grpc/health/v1/health.proto'), {
    '/grpc.health.v1.Health/Check': `${check}.grpc.health.v1.HealthCheckResponse`,
    '/grpc.health.v1.Health/Watch': `${check}stream .grpc.health.v1.HealthCheckResponse`,
  });
});
