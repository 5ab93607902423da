import type { ModelPath } from '../../../wire/tfs/model-path.ts';
import { content, type Operation, ofBodies } from './operation.ts';

/** How a path names what it asks: the default version, one by its number, or by its label. */
const servables = [
  { path: '', suffix: '', of: 'the default version of a model', parameters: [] },
  { path: '/versions/{version}', suffix: 'Version', of: 'a version of a model', parameters: ['version'] },
  { path: '/labels/{label}', suffix: 'Label', of: 'a labelled version of a model', parameters: ['label'] },
] as const;

type Servable = (typeof servables)[number];
type Form = Omit<Operation, 'path' | 'parameters' | 'tag'> & { readonly ending: string };

/** One for whatever a path can ask for; `undefined` for what is there to say that it is not. */
const forms: Readonly<Record<ModelPath['what'], ((servable: Servable) => Form) | undefined>> = {
  status: ({ suffix, path }) => ({
    method: 'get',
    ending: '',
    id: `getStatus${suffix}`,
    summary: path === '' ? 'States of all versions of a model' : 'State of a version of a model',
    answers: { 200: { description: 'The states.', content: content('application/json', 'ModelStatus') } },
    errors: [404],
  }),
  metadata: ({ suffix, of }) => ({
    method: 'get',
    ending: '/metadata',
    id: `getMetadata${suffix}`,
    summary: `Inputs and outputs of ${of}`,
    answers: { 200: { description: 'The metadata.', content: content('application/json', 'ModelMetadata') } },
    errors: [404],
  }),
  predict: ({ suffix, of }) => ({
    method: 'post',
    ending: ':predict',
    id: `predict${suffix}`,
    summary: `Inference by ${of}`,
    description: 'The media type of the body is not looked at; it may be compressed by gzip or deflate.',
    body: {
      isRequired: true,
      content: content('application/json', 'PredictRequest', { instances: [[1, 2]] }),
    },
    answers: {
      200: { description: 'The outputs.', content: content('application/json', 'PredictResponse') },
      204: { description: 'There is nothing to answer: a batch of no elements came out of a pipeline.' },
    },
    errors: [404, 409, 412, ...ofBodies],
  }),
  classify: undefined,
  regress: undefined,
};

/** The REST API of TensorFlow Serving. */
export const tfsOperations: readonly Operation[] = Object.values(forms).flatMap((form) =>
  form
    ? servables.map((servable) => {
        const { ending, ...operation } = form(servable);
        const path = `/v1/models/{model}${servable.path}${ending}`;
        return { ...operation, path, tag: 'TensorFlow Serving', parameters: ['model', ...servable.parameters] };
      })
    : [],
);
