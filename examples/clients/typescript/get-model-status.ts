// Prints the state of each version of a model: node get-model-status.ts --grpc_port 9000 --model_name digits
import { readFlags, run } from './client.ts';

interface Status {
  readonly version: string;
  readonly state: string;
  readonly status: { readonly error_code: string; readonly error_message: string };
}

const { client, model_spec } = readFlags();
await run(client, async () => {
  const { model_version_status } = await client.call<{ model_version_status: Status[] }>(
    'ModelService',
    'GetModelStatus',
    { model_spec },
  );
  for (const { version, state, status } of model_version_status) {
    console.log(`version ${version}: ${state} ${status.error_code} ${status.error_message}`);
  }
});
