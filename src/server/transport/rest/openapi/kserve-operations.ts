import type { RepositoryOrder } from '../../../wire/kserve/repository-model.ts';
import type { RestPath } from '../../../wire/kserve/rest-path.ts';
import { content, type Operation, ofBodies, type Schema } from './operation.ts';

const tag = 'KServe v2';
const servables = [
  { path: '', suffix: '', of: 'the default version of a model', parameters: [] },
  { path: '/versions/{version}', suffix: 'Version', of: 'a version of a model', parameters: ['version'] },
] as const;

type Servable = (typeof servables)[number];
type Form = Omit<Operation, 'path' | 'parameters' | 'tag'> & { readonly ending: string };

const binary = { 'application/octet-stream': { schema: {} } };
const inferExample = { inputs: [{ name: 'b', shape: [1, 2], datatype: 'FP32', data: [1, 2] }] };

/** One for whatever a path can ask for. */
const forms: Readonly<Record<RestPath['what'], (servable: Servable) => Form>> = {
  metadata: ({ suffix, of }) => ({
    method: 'get',
    ending: '',
    id: `getModel${suffix}`,
    summary: `Inputs and outputs of ${of}`,
    answers: { 200: { description: 'The metadata.', content: content('application/json', 'KServeModelMetadata') } },
    errors: [404],
  }),
  ready: ({ suffix, of }) => ({
    method: 'get',
    ending: '/ready',
    id: `isModelReady${suffix}`,
    summary: `Whether ${of} is available`,
    answers: { 200: { description: 'It is.' } },
    errors: [404],
  }),
  infer: ({ suffix, of }) => ({
    method: 'post',
    ending: '/infer',
    id: `infer${suffix}`,
    summary: `Inference by ${of}`,
    description:
      'With the binary extension the elements of inputs, or outputs, lie behind the JSON, one behind the other: the header says how long the JSON is. The media type of the body is not looked at; it may be compressed by gzip or deflate.',
    body: { isRequired: true, content: { ...content('application/json', 'InferRequest', inferExample), ...binary } },
    answers: {
      200: {
        description: 'The outputs.',
        content: { ...content('application/json', 'InferResponse'), ...binary },
        headers: {
          'Inference-Header-Content-Length': {
            description: 'How many bytes of the body are JSON, where others follow.',
            schema: { type: 'integer', minimum: 1 },
          },
        },
      },
      204: { description: 'There is nothing to answer: a batch of no elements came out of a pipeline.' },
    },
    errors: [404, 409, 412, ...ofBodies],
  }),
};

const orders: Readonly<
  Record<RepositoryOrder, { readonly summary: string; readonly parameters: Readonly<Record<string, Schema>> }>
> = {
  load: { summary: 'Looks for versions of a model now, and loads them, also if it was unloaded', parameters: {} },
  unload: {
    summary: 'Takes a model out of service until it is loaded, or a change of the config names it anew',
    parameters: { unload_dependents: { description: 'Without effect.', type: 'boolean' } },
  },
};

/** KServe's v2 protocol over REST, and Triton's repository extension. */
export const kserveOperations: readonly Operation[] = [
  {
    method: 'get',
    path: '/v2',
    id: 'getServer',
    tag,
    summary: 'Name, version and extensions of the server',
    parameters: [],
    answers: { 200: { description: 'The metadata.', content: content('application/json', 'ServerMetadata') } },
    errors: [],
  },
  {
    method: 'get',
    path: '/v2/health/live',
    isProbe: true,
    id: 'isLive',
    tag,
    summary: 'Whether the process lives',
    parameters: [],
    answers: { 200: { description: 'It does.' } },
    errors: [],
  },
  {
    method: 'get',
    path: '/v2/health/ready',
    isProbe: true,
    id: 'isReady',
    tag,
    summary: 'Whether every required model has a version that is available',
    parameters: [],
    answers: { 200: { description: 'It has.' }, 503: { description: 'Not yet, or not any more.' } },
    errors: [],
  },
  ...Object.values(forms).flatMap((form) =>
    servables.map((servable) => {
      const { ending, ...operation } = form(servable);
      const parameters = ['model', ...servable.parameters, ...(ending === '/infer' ? ['headerLength'] : [])];
      return { ...operation, path: `/v2/models/{model}${servable.path}${ending}`, tag, parameters };
    }),
  ),
  {
    method: 'post',
    path: '/v2/repository/index',
    id: 'listRepository',
    tag,
    summary: 'All versions of all models',
    parameters: [],
    body: { isRequired: false, content: content('application/json', 'RepositoryIndexRequest', { ready: true }) },
    answers: { 200: { description: 'The index.', content: content('application/json', 'RepositoryIndex') } },
    errors: ofBodies,
  },
  ...Object.entries(orders).map(
    ([order, { summary, parameters }]): Operation => ({
      method: 'post',
      path: `/v2/repository/models/{model}/${order}`,
      id: `${order}Model`,
      tag,
      summary,
      parameters: ['model'],
      body: { isRequired: false, content: { 'application/json': { schema: parametersOf(parameters) } } },
      answers: { 200: { description: 'Done.' } },
      errors: [404, 412, 501, ...ofBodies],
    }),
  ),
];

/** The body of an order: parameters, of which these are known and others refused. */
function parametersOf(known: Readonly<Record<string, Schema>>): Schema {
  const parameters = { type: 'object', properties: known, additionalProperties: false };
  return { type: 'object', properties: { parameters } };
}
