import { content, type Operation, ofBodies } from './operation.ts';

const tag = 'Server';
const statuses = content('application/json', 'AllModelStatuses');

/** Config, metrics, and the description of all of this. */
export const serverOperations: readonly Operation[] = [
  {
    method: 'get',
    path: '/v1/config',
    id: 'getConfig',
    tag,
    summary: 'States of all versions of all models',
    parameters: [],
    answers: { 200: { description: 'The states.', content: statuses } },
    errors: [],
  },
  {
    method: 'post',
    path: '/v1/config/reload',
    id: 'reloadConfig',
    tag,
    summary: 'Reads config file and folders now, and answers when what is new is loaded',
    description: 'What is in the body is not looked at.',
    parameters: [],
    answers: {
      200: { description: 'Nothing has changed.', content: statuses },
      201: { description: 'Something has.', content: statuses },
    },
    errors: [412, ...ofBodies],
  },
  {
    method: 'get',
    path: '/metrics',
    isProbe: true,
    id: 'getMetrics',
    tag,
    summary: 'Metrics for Prometheus',
    parameters: [],
    answers: {
      200: { description: 'In its text format.', content: { 'text/plain': { schema: { type: 'string' } } } },
      404: { description: 'Metrics are off.', content: content('application/json', 'Error') },
    },
    errors: [],
  },
  {
    method: 'get',
    path: '/openapi.json',
    id: 'getOpenApi',
    tag,
    summary: 'This description',
    parameters: [],
    answers: {
      200: { description: 'In OpenAPI 3.1.', content: { 'application/json': { schema: { type: 'object' } } } },
    },
    errors: [],
  },
];
