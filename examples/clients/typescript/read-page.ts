// Reads a page of digits by the pipeline in examples/digits/config.json: node read-page.ts --grpc_port 9000 --image page.jpg
import { readFileSync } from 'node:fs';
import { elements, imageFiles, type PredictResponse, readFlags, run } from './client.ts';

const { client, model_spec, values } = readFlags({
  model_name: { type: 'string', default: 'page' },
  image: { type: 'string' },
});
await run(client, async () => {
  if (!values.image) throw new Error('--image FILE must be given');
  const { outputs } = await client.call<PredictResponse>('PredictionService', 'Predict', {
    model_spec,
    inputs: { page: imageFiles(readFileSync(values.image)) },
  });
  const text = String(outputs.text!.string_val![0]);
  const places = elements(outputs.coordinates!);
  console.log(`${text.length} digits: ${text}`);
  for (const [i, digit] of [...text].entries()) {
    const [x, y, width, height] = places.slice(4 * i);
    console.log(`  ${digit} at ${x},${y}, ${width} x ${height}`);
  }
});
