// Sends zeros, in the shape that is given, and prints the outputs:
// node predict.ts --grpc_port 9000 --model_name digits --input_name image --shape 1,8,8,1
import { elements, floats, type PredictResponse, readFlags, run } from './client.ts';

const { client, model_spec, values } = readFlags({
  input_name: { type: 'string', default: 'image' },
  shape: { type: 'string', default: '1,8,8,1' },
});
await run(client, async () => {
  const shape = values.shape!.split(',').map(Number);
  const zeros = new Float32Array(shape.reduce((count, size) => count * size, 1));
  const inputs = { [values.input_name!]: floats(zeros, ...shape) };
  const response = await client.call<PredictResponse>('PredictionService', 'Predict', { model_spec, inputs });
  console.log(`answered by version ${response.model_spec.version.value}`);
  for (const [name, tensor] of Object.entries(response.outputs)) {
    const sizes = tensor.tensor_shape.dim.map(({ size }) => size).join(', ');
    console.log(`${name} [${sizes}]: ${elements(tensor).join(' ')}`);
  }
});
