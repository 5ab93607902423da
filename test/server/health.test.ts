import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { HealthClient } from '../support/health.ts';
import { listServices, type ReflectionAnswer } from '../support/reflection.ts';
import { single, writeVersion } from '../support/repository.ts';
import { eventually, startServer, temporaryFolder } from '../support/server.ts';

test('health: of the server as a whole, of a model, of the services, and of nobody', async (t) => {
  const folder = temporaryFolder(t);
  writeVersion(folder, 1);
  const health = new HealthClient(t, (await startServer(t, single(folder))).port);
  const whole = ['', 'tensorflow.serving.PredictionService', 'inference.GRPCInferenceService'];
  const services = [...whole, 'm', 'tensorflow.serving.ModelService'];
  for (const service of services) {
    assert.equal(await health.check(service), 'SERVING', service);
    assert.deepEqual(await health.watch(service).first(1), ['SERVING'], service);
  }
  assert.equal(await health.check('nobody'), '5 Unknown service: nobody');
  assert.deepEqual(await health.watch('nobody').first(1), ['SERVICE_UNKNOWN']);
});

test('a model without a version does not serve, and does once one comes; the server as a whole as well', async (t) => {
  const folder = temporaryFolder(t);
  const health = new HealthClient(t, (await startServer(t, single(folder))).port);
  const whole = health.watch('');
  const model = health.watch('m');
  const live = health.watch('tensorflow.serving.ModelService');
  assert.deepEqual(await whole.first(1), ['NOT_SERVING']);
  assert.deepEqual(await model.first(1), ['NOT_SERVING']);
  assert.equal(await health.check(''), 'NOT_SERVING');
  assert.equal(await health.check('m'), 'NOT_SERVING');
  assert.equal(await health.check('tensorflow.serving.ModelService'), 'SERVING');
  writeVersion(folder, 1);
  assert.deepEqual(await whole.first(2), ['NOT_SERVING', 'SERVING']);
  assert.deepEqual(await model.first(2), ['NOT_SERVING', 'SERVING']);
  assert.equal(await health.check(''), 'SERVING');
  assert.equal(await health.check('m'), 'SERVING');
  assert.deepEqual(live.told, ['SERVING']);
});

test('one model that does not serve holds back the whole, not the other; a watch follows models that come and go', async (t) => {
  const folder = temporaryFolder(t);
  writeVersion(join(folder, 'm'), 1);
  mkdirSync(join(folder, 'later'));
  const config = join(folder, 'config.json');
  const configure = (...names: string[]) => {
    const list = names.map((name) => ({ config: { name, base_path: name } }));
    writeFileSync(config, JSON.stringify({ model_config_list: list }));
  };
  configure('m', 'later');
  const health = new HealthClient(t, (await startServer(t, ['--config_path', config])).port);
  assert.deepEqual(await Promise.all(['', 'm', 'later'].map((service) => health.check(service))), [
    'NOT_SERVING',
    'SERVING',
    'NOT_SERVING',
  ]);
  const later = health.watch('later');
  await later.first(1);
  configure('m');
  assert.deepEqual(await later.first(2), ['NOT_SERVING', 'SERVICE_UNKNOWN']);
  assert.equal(await health.check(''), 'SERVING');
});

/** A server of a config file beside its models, which may be rewritten; `name?` is not required. */
async function startConfigured(t: TestContext, folder: string, ...names: string[]) {
  const config = join(folder, 'config.json');
  const configure = (...wanted: string[]) => {
    const list = wanted.map((text) => {
      const name = text.replace('?', '');
      return { config: { name, base_path: name, ...(name !== text && { required: false }) } };
    });
    writeFileSync(config, JSON.stringify({ model_config_list: list }));
  };
  configure(...names);
  const server = await startServer(t, ['--config_path', config, '--settle_milliseconds', '100']);
  return { configure, server, health: new HealthClient(t, server.port) };
}

test('a model that is not required holds nothing back, and its own name tells how it is', async (t) => {
  const folder = temporaryFolder(t);
  writeVersion(join(folder, 'm'), 1);
  mkdirSync(join(folder, 'later'));
  const { health } = await startConfigured(t, folder, 'm', 'later?');
  const services = ['', 'tensorflow.serving.PredictionService', 'm', 'later'];
  const check = () => Promise.all(services.map((service) => health.check(service)));
  assert.deepEqual(await check(), ['SERVING', 'SERVING', 'SERVING', 'NOT_SERVING']);
  writeVersion(join(folder, 'later'), 1);
  await eventually(check, (found) => found.every((status) => status === 'SERVING'));
});

test('a server that was ready stays so while required models are added, be they late or broken; a new one is not', async (t) => {
  const folder = temporaryFolder(t);
  writeVersion(join(folder, 'm'), 1);
  mkdirSync(join(folder, 'broken/1'), { recursive: true });
  writeFileSync(join(folder, 'broken/1/model.xml'), 'no model');
  mkdirSync(join(folder, 'late'));
  const { configure, server, health } = await startConfigured(t, folder, 'm');
  const whole = health.watch('');
  const late = health.watch('late');
  await Promise.all([whole.first(1), late.first(1)]);
  configure('m', 'late', 'broken');
  await server.logged(({ model, error_code }) => model === 'broken' && error_code === 'UNKNOWN');
  assert.equal(await health.check(''), 'SERVING');
  assert.equal(await health.check('broken'), 'NOT_SERVING');
  writeVersion(join(folder, 'late'), 1);
  assert.deepEqual(await late.first(3), ['SERVICE_UNKNOWN', 'NOT_SERVING', 'SERVING']);
  assert.deepEqual(whole.told, ['SERVING']);

  const other = await startConfigured(t, folder, 'm', 'late', 'broken');
  assert.equal(await other.health.check(''), 'NOT_SERVING');
  other.configure('m', 'late', 'broken?');
  await eventually(
    () => other.health.check(''),
    (status) => status === 'SERVING',
  );
});

test('at its end the server says so to those who watch, and does not wait for them', async (t) => {
  const folder = temporaryFolder(t);
  writeVersion(folder, 1);
  const server = await startServer(t, [...single(folder), '--drain_timeout_seconds', '10']);
  const health = new HealthClient(t, server.port);
  const watches = ['', 'm', 'tensorflow.serving.ModelService'].map((service) => health.watch(service));
  for (const watch of watches) await watch.first(1);
  const begin = performance.now();
  assert.equal(await server.stop('SIGTERM'), 0);
  assert.ok(performance.now() - begin < 5000, 'it waited for those who watch');
  const told = await Promise.all(watches.slice(0, 2).map((watch) => watch.first(2)));
  assert.deepEqual(told, Array(2).fill(['SERVING', 'NOT_SERVING']));
  assert.deepEqual(watches[2]!.told, ['SERVING']);
});

test('reflection lists the services', async (t) => {
  const folder = temporaryFolder(t);
  writeVersion(folder, 1);
  const { port } = await startServer(t, single(folder));
  for (const version of ['v1', 'v1alpha'] as const) {
    const stream = listServices(t, port, version);
    const answers: ReflectionAnswer[] = [];
    stream.on('data', (answer: ReflectionAnswer) => answers.push(answer));
    const [answer] = await eventually(
      async () => answers,
      ({ length }) => length === 1,
    );
    stream.end();
    const names = answer!.list_services_response.service.map(({ name }) => name);
    for (const service of [
      'grpc.health.v1.Health',
      'inference.GRPCInferenceService',
      'tensorflow.serving.ModelService',
      'tensorflow.serving.PredictionService',
    ]) {
      assert.ok(names.includes(service), `${version} lists ${names}`);
    }
  }
});
