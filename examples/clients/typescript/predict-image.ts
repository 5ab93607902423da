// Reads a digit from an image file: node predict-image.ts --grpc_port 9000 --image ../../digits/images/7.png
import { elements, floats, type PredictResponse, readFlags, run } from './client.ts';
import { readDigit } from './digit-image.ts';

const { client, model_spec, values } = readFlags({ image: { type: 'string' } });
await run(client, async () => {
  if (!values.image) throw new Error('--image FILE must be given');
  const inputs = { image: floats(await readDigit(values.image), 1, 8, 8, 1) };
  const { model_spec: asked, outputs } = await client.call<PredictResponse>('PredictionService', 'Predict', {
    model_spec,
    inputs,
  });
  const digit = elements(outputs.digit!)[0]!;
  const certainty = elements(outputs.probabilities!)[digit]!;
  console.log(`${digit} (${(certainty * 100).toFixed(1)} %, version ${asked.version.value})`);
});
