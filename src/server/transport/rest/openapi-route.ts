import { describeApi } from './openapi/describe-api.ts';
import { json, type Route } from './routes.ts';

/** What the REST API is, for generators of clients, and tools that try it out. @param version of the server */
export function openApiRoute(version: string): Route {
  const body = `${JSON.stringify(describeApi(version))}\n`;
  return { method: 'GET', path: '/openapi.json', answer: () => ({ contentType: json, body }) };
}
