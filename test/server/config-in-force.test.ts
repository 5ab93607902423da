import assert from 'node:assert/strict';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Client, credentials, type Metadata, type ServiceError } from '@grpc/grpc-js';
import { configRevision } from '../../src/shared/config-revision.ts';
import { convolutionModel } from '../support/ir-model.ts';
import { predictSum, statuses } from '../support/predict.ts';
import { single, writeVersion } from '../support/repository.ts';
import { eventually, startServer, temporaryFolder } from '../support/server.ts';

interface Told {
  /** `0`, or the code of a refusal. */
  readonly code: number;
  readonly revision: string | undefined;
  readonly refused: string | undefined;
}

/** Asks for a model's status, and takes what is told beside the answer. */
function askHeaders(t: TestContext, port: number): (model?: string) => Promise<Told> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  t.after(() => client.close());
  return (model = 'm') =>
    new Promise((resolve) => {
      const name = Buffer.from(model);
      const request = Buffer.from([0x0a, name.length + 2, 0x0a, name.length, ...name]);
      let metadata: Metadata | undefined;
      const told = (key: string) => metadata?.get(key)[0]?.toString();
      const call = client.makeUnaryRequest(
        '/tensorflow.serving.ModelService/GetModelStatus',
        (bytes: Buffer) => bytes,
        (bytes) => bytes,
        request,
        (error: ServiceError | null) =>
          resolve({
            code: error?.code ?? 0,
            revision: told('modelserver-config-revision'),
            refused: told('modelserver-config-refused'),
          }),
      );
      call.on('metadata', (headers) => {
        metadata = headers;
      });
    });
}

const m = (more: object = {}) => ({ config: { name: 'm', base_path: 'm', ...more } });
const textOf = (...models: object[]) => JSON.stringify({ model_config_list: models });

/** A server of a config, and what it tells of the model `m`. */
async function startConfigured(t: TestContext, folder: string, ...models: object[]) {
  const path = join(folder, 'config.json');
  /** Whole, or not at all. @returns its revision */
  const write = (text: string) => {
    writeFileSync(`${path}.next`, text);
    renameSync(`${path}.next`, path);
    return configRevision(text);
  };
  const revision = write(textOf(...models));
  const server = await startServer(t, ['--config_path', path, '--settle_milliseconds', '100']);
  const ask = askHeaders(t, server.port);
  const until = (isSo: (told: Told) => boolean) => eventually(() => ask(), isSo);
  return { path, server, revision, write, configure: (...next: object[]) => write(textOf(...next)), ask, until };
}

test('an option is in force when the model has been loaded with it, and not before', async (t) => {
  const folder = temporaryFolder(t);
  convolutionModel(64, 200).write(join(folder, 'm/1'));
  const { server, revision, configure, ask, until } = await startConfigured(t, folder, m({ nireq: 1 }));
  assert.deepEqual(await ask(), { code: 0, revision, refused: undefined });

  const next = configure(m({ nireq: 2 }));
  await server.logged(({ msg, models }) => msg === 'The config file was read' && Array.isArray(models));
  const told: Told[] = [];
  const loads = () => server.log.filter(({ msg }) => msg === 'Loading model version').length;
  for (let last = await ask(); last.revision !== next; last = await ask()) {
    assert.deepEqual(last, { code: 0, revision, refused: undefined });
    told.push(last);
  }
  t.diagnostic(`${told.length} answers were by the config of before`);
  assert.ok(told.length > 0, 'it was never seen to load');
  // What happens to its files afterwards is no matter of the config.
  convolutionModel(64, 201).write(join(folder, 'm/1'));
  while (loads() < 3) assert.equal((await ask()).revision, next);
  for (let i = 0; i < 5; i++) assert.equal((await ask()).revision, next, 'it loads');

  const same = configure(m({ nireq: 2, model_version_policy: { latest: { num_versions: 1 } } }));
  await until((last) => last.revision === same);
  assert.equal(loads(), 3, 'nothing was loaded for it');
});

test('a config that is refused is told beside the one in force', async (t) => {
  const folder = temporaryFolder(t);
  writeVersion(join(folder, 'm'), 1);
  const { path, revision, server, configure, write, until } = await startConfigured(t, folder, m());
  const refused = configure(m({ nireq: -1 }));
  assert.deepEqual(await until((told) => told.refused !== undefined), { code: 0, revision, refused });
  const broken = write('{');
  assert.deepEqual(await until((told) => told.refused !== refused), { code: 0, revision, refused: broken });
  rmSync(path);
  const gone = { code: 0, revision, refused: undefined };
  assert.deepEqual(await until((told) => told.refused === undefined), gone, 'there is nothing to refuse');
  assert.equal((await statuses(server.client))[0]?.status.error_code, 'UNKNOWN');
  configure(m());
  await eventually(
    () => statuses(server.client),
    ([status]) => status?.status.error_code === 'OK',
  );
  assert.deepEqual(await until(() => true), gone);
});

test('a load that fails by the new config is told as by it; by the one before, once that is back', async (t) => {
  const folder = temporaryFolder(t);
  writeVersion(join(folder, 'm'), 1);
  const { server, revision, configure, until } = await startConfigured(t, folder, m());
  const failing = configure(m({ shape: { nowhere: '(1,2)' } }));
  await until((told) => told.revision === failing);
  assert.equal((await statuses(server.client))[0]?.status.error_code, 'UNKNOWN');
  configure(m());
  await until((told) => told.revision === revision);
  assert.equal((await statuses(server.client))[0]?.status.error_code, 'OK');
});

test('of a model that is not known, and without a config file, nothing is told', async (t) => {
  const folder = temporaryFolder(t);
  writeVersion(join(folder, 'm'), 1);
  const { ask } = await startConfigured(t, folder, m());
  assert.deepEqual(await ask('other'), { code: 5, revision: undefined, refused: undefined });

  const server = await startServer(t, single(join(folder, 'm')));
  assert.deepEqual(await predictSum(server.client), { version: 1, added: 1 });
  assert.deepEqual(await askHeaders(t, server.port)(), { code: 0, revision: undefined, refused: undefined });
});
