import { kserveOperations } from './kserve-operations.ts';
import { type Answer, errorStatuses, everywhere, type Operation, reference, type Schema } from './operation.ts';
import { schemas } from './schemas.ts';
import { serverOperations } from './server-operations.ts';
import { tfsOperations } from './tfs-operations.ts';

/** Whatever the REST port is asked for. */
export const operations: readonly Operation[] = [...tfsOperations, ...kserveOperations, ...serverOperations];

/** `components.parameters` */
const parameters: Readonly<Record<string, Schema>> = {
  model: {
    name: 'model',
    in: 'path',
    required: true,
    description: 'Its name in the config file, or that of --model_name.',
    schema: { type: 'string', pattern: '^[^/:]+$' },
  },
  version: {
    name: 'version',
    in: 'path',
    required: true,
    description: 'The name of its folder.',
    schema: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
  },
  label: {
    name: 'label',
    in: 'path',
    required: true,
    description: 'One of version_labels in the config file.',
    schema: { type: 'string', pattern: '^[^/:]+$' },
  },
  headerLength: {
    name: 'Inference-Header-Content-Length',
    in: 'header',
    required: false,
    description: 'How many bytes of the body are JSON, where the elements of inputs follow.',
    schema: { type: 'integer', minimum: 0 },
  },
};

/** `components.securitySchemes` */
const securitySchemes: Readonly<Record<string, Schema>> = {
  apiKey: { type: 'http', scheme: 'bearer', description: 'An API key, where the server has any.' },
};

/** The OpenAPI document, 3.1, of the REST API. @param version of the server */
export function describeApi(version: string) {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of operations) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: describe(operation) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'modelserver',
      version,
      description:
        'The REST API of TensorFlow Serving and KServe’s v2 protocol. Other paths answer 400, other methods than a path has 405, OPTIONS 200 with the headers of CORS.',
      license: { name: 'Apache 2.0', identifier: 'Apache-2.0' },
    },
    security: [{}, { apiKey: [] }],
    paths,
    components: { schemas, parameters, responses: errorResponses(), securitySchemes },
  };
}

function describe(operation: Operation) {
  const { id, tag, isProbe, summary, description, body, answers, errors } = operation;
  const told = new Set(
    [...everywhere, ...(isProbe ? [] : [401 as const]), ...errors].filter((status) => !(status in answers)),
  );
  const responses = [
    ...Object.entries(answers),
    ...[...told].map((status) => [status, reference('responses', `Error${status}`)] as const),
  ].sort(([a], [b]) => Number(a) - Number(b));
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description ? { description } : {}),
    ...(isProbe ? { security: [] } : {}),
    ...(operation.parameters.length > 0
      ? { parameters: operation.parameters.map((name) => reference('parameters', name)) }
      : {}),
    ...(body ? { requestBody: { required: body.isRequired, content: body.content } } : {}),
    responses: Object.fromEntries(responses),
  };
}

/** `components.responses`: one for each status of an error. */
function errorResponses(): Readonly<Record<string, Answer>> {
  const error = { 'application/json': { schema: reference('schemas', 'Error') } };
  return Object.fromEntries(
    Object.entries(errorStatuses).map(([status, description]) => [`Error${status}`, { description, content: error }]),
  );
}
