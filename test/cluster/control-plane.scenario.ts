import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { startControlPlane } from './control-plane.ts';

const configMap = (name: string) =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } });

test('a control plane starts, survives an outage, and leaves nothing behind', { timeout: 120_000 }, async () => {
  const plane = await startControlPlane({ name: 'scenario', audit: true });
  const before = plane.writes().length;
  await plane.kubectl(['create', '--filename=-'], { input: configMap('first') });
  const written = plane.writes().slice(before);
  const mine = written.filter(({ user }) => user.username === 'admin');
  assert.deepEqual(
    mine.map(({ verb, objectRef }) => `${verb} ${objectRef?.resource}/${objectRef?.name}`),
    ['create configmaps/first'],
  );

  plane.apiServer.pause();
  await assert.rejects(plane.kubectl(['get', 'configmaps', '--request-timeout=1s']), /kubectl get configmaps/);
  plane.apiServer.resume();
  await plane.apiServer.stop();
  await assert.rejects(plane.kubectl(['get', 'configmaps']), /refused/);
  await plane.apiServer.start();
  assert.match(await plane.kubectl(['get', 'configmaps', '--output=name']), /configmap\/first/);

  const stranger = await plane.kubeconfigFor('stranger', ['nobody']);
  await assert.rejects(
    plane.kubectl(['get', 'configmaps', `--kubeconfig=${stranger}`]),
    /User "stranger" cannot list resource/,
  );

  await plane.stop();
  assert.equal(existsSync(plane.directory), false);
  await assert.rejects(fetch(plane.server), /fetch failed/);
});

test('two control planes live side by side, each with its controllers', { timeout: 120_000 }, async () => {
  const components = ['controller-manager', 'scheduler'] as const;
  await using first = await startControlPlane({ name: 'left', components });
  await using second = await startControlPlane({ name: 'right', components, featureGates: { ImageVolume: true } });
  await first.kubectl(['create', '--filename=-'], { input: configMap('only-here') });
  assert.match(await first.kubectl(['get', 'configmaps', '--output=name']), /only-here/);
  assert.doesNotMatch(await second.kubectl(['get', 'configmaps', '--output=name']), /only-here/);
});

test('a control plane ends with its test process, however that ends', { timeout: 120_000 }, async () => {
  const source = `
    const { startControlPlane } = await import(${JSON.stringify(join(import.meta.dirname, 'control-plane.ts'))});
    const { server, directory } = await startControlPlane({ name: 'orphan' });
    console.log(JSON.stringify({ server, directory }));
    setInterval(() => {}, 1_000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface(child.stdout), 'line');
  const { server, directory } = JSON.parse(line);
  child.kill('SIGKILL');
  for (let tries = 0; tries < 100 && existsSync(directory); tries++) await setTimeout(100);
  assert.equal(existsSync(directory), false);
  await assert.rejects(fetch(server), /fetch failed/);
});
