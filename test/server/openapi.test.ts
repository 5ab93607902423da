import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { httpStatusCode } from '../../src/server/wire/http-status.ts';
import { addModel } from '../support/ir-model.ts';
import { single } from '../support/repository.ts';
import { restFlags } from '../support/rest.ts';
import { startServer, temporaryFolder } from '../support/server.ts';

/** As much of OpenAPI as is read here. */
interface Description {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly $ref: string }[];
  readonly responses: Readonly<Record<string, unknown>>;
}

/** What of a path is not there, or else becomes a part of a model's name. */
const notThere = /Invalid request URL|Unsupported method|with requested name is not found/;

let url: string;
let description: Description;

before(async (t) => {
  const context = t as unknown as TestContext;
  const folder = temporaryFolder(context);
  addModel('FP32', [-1, 2]).write(join(folder, '1'));
  const { port, flags } = await restFlags();
  url = `http://127.0.0.1:${port}`;
  await startServer(context, [...single(folder), ...flags, '--metrics_enable']);
  const response = await fetch(`${url}/openapi.json`);
  assert.equal(response.headers.get('content-type'), 'application/json');
  description = (await response.json()) as Description;
});

function operations(): { method: string; path: string; operation: Operation }[] {
  return Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
}

/** Of the model and version that there are. */
function filled(path: string): string {
  return path.replace('{model}', 'm').replace('{version}', '1').replace('{label}', 'stable');
}

/** Routes as the server tells them to who asks for something else. */
async function routes(): Promise<{ method: string; path: string }[]> {
  const { error } = (await (await fetch(`${url}/nothing/of/this/name`)).json()) as { error: string };
  const list = /this port serves (.*)$/.exec(error)![1]!.split(', ');
  return list.map((route) => {
    const [method, path] = route.split(' ');
    return { method: method!, path: path! };
  });
}

function fits(route: string, path: string): boolean {
  return route.endsWith('*') ? path.startsWith(route.slice(0, -1)) : path === route;
}

test('each route of the server is described: see src/server/transport/rest/openapi', async () => {
  const described = operations();
  const all = await routes();
  const missing = all.filter(
    (route) => !described.some(({ method, path }) => method === route.method && fits(route.path, filled(path))),
  );
  assert.deepEqual(missing, []);
  assert.ok(all.length > 10, `only ${all.length} routes were read`);
});

test('each operation that is described is there, and answers as described', async () => {
  for (const { method, path, operation } of operations()) {
    const response = await fetch(url + filled(path), { method });
    const text = await response.text();
    assert.doesNotMatch(text, notThere, `${method} ${path}`);
    assert.ok(String(response.status) in operation.responses, `${method} ${path}: ${response.status}`);
  }
  const again = await fetch(`${url}/v2/repository/models/m/load`, { method: 'POST' });
  assert.equal(again.status, 200, 'what was unloaded is there again');
});

test('no other form of a path is there than those that are described', async () => {
  const described = new Set(operations().map(({ method, path }) => `${method} ${path}`));
  const endings = ['', '/metadata', ':predict', '/infer', '/ready', '/load', '/unload', '/config', '/index'];
  const servables = ['', '/versions/{version}', '/labels/{label}'];
  let known = 0;
  for (const prefix of ['/v1/models', '/v2/models', '/v2/repository/models']) {
    for (const method of ['GET', 'POST']) {
      for (const path of servables.flatMap((servable) => endings.map((end) => `${prefix}/{model}${servable}${end}`))) {
        const response = await fetch(url + filled(path), { method });
        const isThere = !notThere.test(await response.text());
        if (isThere) known++;
        assert.equal(isThere, described.has(`${method} ${path}`), `${method} ${path}: ${response.status}`);
      }
    }
  }
  assert.ok(known > 10, `only ${known} were there`);
});

test('where the server has API keys, those operations ask for one that say so', async (t) => {
  const folder = temporaryFolder(t);
  addModel('FP32', [-1, 2]).write(join(folder, '1'));
  const { port, flags } = await restFlags();
  await startServer(t, [...single(folder), ...flags], { API_KEY: 'a-key-that-nobody-shows' });
  for (const { method, path, operation } of operations()) {
    const { status } = await fetch(`http://127.0.0.1:${port}${filled(path)}`, { method });
    assert.equal(status === 401, '401' in operation.responses, `${method} ${path}: ${status}`);
  }
});

test('each status that an error has over HTTP is described for some operation', () => {
  const described = new Set(operations().flatMap(({ operation }) => Object.keys(operation.responses)));
  // Nobody is there any more to be told that a request was cancelled, and HTTP has no deadlines.
  const { cancelled: _, 'deadline-exceeded': __, ...told } = httpStatusCode;
  for (const [code, status] of Object.entries(told)) assert.ok(described.has(String(status)), `${status}: ${code}`);
});

test('whatever is referred to is there, is used, and ids and parameters are right', () => {
  const text = JSON.stringify(description);
  const referred = new Set([...text.matchAll(/"#\/components\/([^"]+)"/g)].map(([, name]) => name!));
  const there = Object.entries(description.components).flatMap(([section, all]) =>
    section === 'securitySchemes' ? [] : Object.keys(all).map((name) => `${section}/${name}`),
  );
  assert.deepEqual([...referred].sort(), there.sort());
  const ids = operations().map(({ operation }) => operation.operationId);
  assert.equal(new Set(ids).size, ids.length);
  for (const { path, operation } of operations()) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => `#/components/parameters/${name}`);
    const declared = (operation.parameters ?? [])
      .map(({ $ref }) => $ref)
      .filter(($ref) => !$ref.endsWith('headerLength'));
    assert.deepEqual(declared, inPath, path);
  }
});
