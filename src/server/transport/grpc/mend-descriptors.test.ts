import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadSync } from '@grpc/proto-loader';
import descriptor from 'protobufjs/ext/descriptor/index.js';
import { withMendedDescriptors } from './mend-descriptors.ts';

interface Message {
  readonly name: string;
  readonly field?: readonly {
    readonly name: string;
    readonly typeName?: string;
    readonly label: number;
    readonly proto3Optional?: boolean;
  }[];
  readonly nestedType?: readonly Message[];
  readonly enumType?: readonly { readonly name: string }[];
  readonly options?: { readonly mapEntry?: boolean };
}

interface File extends Omit<Message, 'field' | 'nestedType'> {
  readonly package: string;
  readonly messageType: readonly Message[];
  readonly dependency?: readonly string[];
}

const includeDirs = [fileURLToPath(new URL('../../../../protos', import.meta.url))];
const mended = withMendedDescriptors(
  loadSync(['tensorflow_serving/apis/prediction_service.proto', 'grpc_predict_v2.proto'], {
    includeDirs,
    keepCase: true,
  }),
);
const buffers = new Set(
  Object.values(mended).flatMap(({ fileDescriptorProtos = [] }) => fileDescriptorProtos as Buffer[]),
);
const files = [...buffers].map((bytes) => {
  const { FileDescriptorProto } = descriptor;
  return FileDescriptorProto.toObject(FileDescriptorProto.decode(bytes)) as unknown as File;
});

function* messages(scope: string, list: readonly Message[]): Generator<[name: string, message: Message]> {
  for (const message of list) {
    yield [`${scope}.${message.name}`, message];
    yield* messages(`${scope}.${message.name}`, message.nestedType ?? []);
  }
}

test('every type is named from the root, and lies in a file that its user names', () => {
  const homes = new Map<string, string>();
  for (const file of files) {
    for (const { name } of file.enumType ?? []) homes.set(`.${file.package}.${name}`, file.name);
    for (const [name, { enumType = [] }] of messages(`.${file.package}`, file.messageType)) {
      homes.set(name, file.name);
      for (const inner of enumType) homes.set(`${name}.${inner.name}`, file.name);
    }
  }
  let seen = 0;
  for (const file of files) {
    for (const [name, { field = [] }] of messages(`.${file.package}`, file.messageType)) {
      for (const { typeName } of field.filter((each) => each.typeName)) {
        const home = homes.get(typeName!);
        assert.ok(home === file.name || file.dependency?.includes(home!), `${name}: ${typeName}`);
        seen++;
      }
    }
  }
  assert.ok(seen > 40, `only ${seen} types were seen`);
});

test('entries of maps are called after their field', () => {
  const all = files.flatMap((file) => [...messages(`.${file.package}`, file.messageType)]);
  const entries = all.filter(([, { options }]) => options?.mapEntry).map(([name]) => name);
  assert.ok(entries.includes('.tensorflow.serving.PredictRequest.InputsEntry'));
  assert.ok(entries.includes('.tensorflow.serving.SignatureDefMap.SignatureDefEntry'));
  assert.ok(entries.includes('.tensorflow.Features.FeatureEntry'));
  assert.ok(entries.includes('.inference.ModelInferRequest.InferInputTensor.ParametersEntry'));
  const used = new Set(all.flatMap(([, { field = [] }]) => field.map(({ typeName }) => typeName)));
  for (const entry of entries) assert.ok(used.has(entry), entry);
});

test('optional fields say that they are optional', () => {
  const all = new Map(files.flatMap((file) => [...messages(`.${file.package}`, file.messageType)]));
  const fields = all.get('.tensorflow.serving.PredictRequest')!.field!;
  assert.deepEqual(
    fields.filter(({ proto3Optional }) => proto3Optional).map(({ name }) => name),
    ['client_id', 'request_options'],
  );
});
