import type { RestPath } from '../../../wire/kserve/rest-path.ts';
import { content, type Operation, ofBodies } from './operation.ts';

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
  ...(['load', 'unload'] as const).map(
    (order): Operation => ({
      method: 'post',
      path: `/v2/repository/models/{model}/${order}`,
      id: `${order}Model`,
      tag,
      summary: `Refused: what is in the folders and in the config file says what is ${order}ed`,
      parameters: ['model'],
      answers: {},
      errors: [501, ...ofBodies],
    }),
  ),
];
