import type { ServiceError } from '@grpc/grpc-js';
import { type Client, elements, floats, type PredictResponse } from '../../examples/clients/typescript/client.ts';

export interface VersionStatus {
  readonly version: string;
  readonly state: string;
  readonly status: { readonly error_code: string; readonly error_message: string };
}

/** Sends ten floats to a model of `addModel`: which version answered, and what was added. */
export async function predictSum(client: Client, name = 'm'): Promise<{ version: number; added: number }> {
  const inputs = { b: floats(new Float32Array(10).fill(2), 1, 10) };
  const { model_spec, outputs } = await predict(client, { model_spec: { name }, inputs });
  const values = elements(outputs.a!);
  if (values.length !== 10 || values.some((value) => value !== values[0])) throw new Error(`torn answer: ${values}`);
  return { version: Number(model_spec.version.value), added: values[0]! - 2 };
}

export function predict(client: Client, request: unknown): Promise<PredictResponse> {
  return client.call<PredictResponse>('PredictionService', 'Predict', request);
}

export async function statuses(client: Client, name = 'm'): Promise<VersionStatus[]> {
  const response = await client.call<{ model_version_status: VersionStatus[] }>('ModelService', 'GetModelStatus', {
    model_spec: { name },
  });
  return response.model_version_status;
}

/** `code details` of a refusal; the answer, if it is none. */
export async function outcome(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    const { code, details } = error as ServiceError;
    return `${code} ${details}`;
  }
}
