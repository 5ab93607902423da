// Prints a model's inputs and outputs: node get-model-metadata.ts --grpc_port 9000 --model_name digits
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import { readFlags, run } from './client.ts';

interface Info {
  readonly dtype: string;
  readonly tensor_shape: { readonly dim?: readonly { readonly size: string }[] };
}

const protos = fileURLToPath(new URL('../../../protos/', import.meta.url));
const root = new protobuf.Root();
root.resolvePath = (_origin, target) => (target in protobuf.common ? target : protos + target);
root.loadSync('tensorflow_serving/apis/get_model_metadata.proto', { keepCase: true });
const signatures = root.lookupType('tensorflow.serving.SignatureDefMap');

const { client, model_spec } = readFlags();
await run(client, async () => {
  const { model_spec: asked, metadata } = await client.call<{
    model_spec: { name: string; version: { value: string } };
    metadata: Record<string, { value: Buffer }>;
  }>('PredictionService', 'GetModelMetadata', { model_spec, metadata_field: ['signature_def'] });
  console.log(`${asked.name}, version ${asked.version.value}`);
  const decoded = signatures.toObject(signatures.decode(metadata.signature_def!.value), {
    longs: String,
    enums: String,
  });
  const { inputs = {}, outputs = {} } = decoded.signature_def.serving_default;
  for (const [kind, infos] of Object.entries({ input: inputs, output: outputs })) {
    for (const [name, { dtype, tensor_shape }] of Object.entries(infos as Record<string, Info>)) {
      console.log(`  ${kind} ${name}: ${dtype} [${(tensor_shape.dim ?? []).map(({ size }) => size).join(', ')}]`);
    }
  }
});
