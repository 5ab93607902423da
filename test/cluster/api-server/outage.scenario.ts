import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ClusterError, type ClusterErrorCode } from '../../../src/operator/cluster/cluster-error.ts';
import { configMaps } from '../../../src/operator/cluster/kinds.ts';
import { createKubeCluster } from '../../../src/operator/cluster/kube/create-kube-cluster.ts';
import { sleep, systemClock } from '../../../src/shared/clock.ts';
import { createLog } from '../../../src/shared/log.ts';
import { temporaryFolder } from '../../support/server.ts';
import { type ControlPlane, startControlPlane } from '../control-plane.ts';

const at = { namespace: 'default', name: 'kube-root-ca.crt' };
const log = createLog({ level: 'error' });
const map = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'default', name } });

async function rejects(promise: Promise<unknown>, code: ClusterErrorCode, message: RegExp): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof ClusterError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
}

/** The files that a pod of the ServiceAccount has. */
async function serviceAccountFolder(t: TestContext, plane: ControlPlane, name: string): Promise<string> {
  const folder = temporaryFolder(t);
  const authority = /certificate-authority-data: "?([^"\s]+)|"certificate-authority-data": ?"([^"]+)"/.exec(
    readFileSync(plane.kubeconfig, 'utf8'),
  );
  writeFileSync(join(folder, 'ca.crt'), Buffer.from((authority?.[1] ?? authority?.[2])!, 'base64'));
  writeFileSync(join(folder, 'token'), await plane.kubectl(['create', 'token', name]));
  return folder;
}

test('an API server that is away or hangs is unavailable, and found again', { timeout: 120_000 }, async (t) => {
  await using plane = await startControlPlane({ name: 'outage', components: ['controller-manager'] });
  const cluster = await createKubeCluster({ kubeconfig: plane.kubeconfig, log, timeoutMs: 2000 });
  t.after(() => cluster.close());
  const watch = async (onEvent: () => void) => {
    const { resourceVersion } = await cluster.list(configMaps, { namespace: 'default' });
    const options = { namespace: 'default', resourceVersion, timeoutSeconds: 300 };
    return cluster.watch(configMaps, options, onEvent);
  };

  const broken = rejects(
    watch(() => {}),
    'unavailable',
    /does not answer/,
  );
  await sleep(systemClock, 500);
  await plane.apiServer.stop();
  await broken;
  await rejects(cluster.get(configMaps, at), 'unavailable', /ECONNREFUSED/);
  await plane.apiServer.start();
  await cluster.apply(configMaps, map('after'), { manager: 'suite' });

  plane.apiServer.pause();
  await rejects(cluster.get(configMaps, at), 'unavailable', /within 2 s/);
  await rejects(
    watch(() => {}),
    'unavailable',
    /within 2 s/,
  );
  plane.apiServer.resume();
  assert.ok(await cluster.get(configMaps, { namespace: 'default', name: 'after' }));
});

test('a ServiceAccount does what its roles let it, and is forbidden the rest', { timeout: 120_000 }, async (t) => {
  await using plane = await startControlPlane({ name: 'account', components: ['controller-manager'] });
  await plane.kubectl(['create', 'serviceaccount', 'operator']);
  await plane.kubectl(['create', 'role', 'maps', '--verb=get,list,watch', '--resource=configmaps']);
  await plane.kubectl(['create', 'rolebinding', 'maps', '--role=maps', '--serviceaccount=default:operator']);
  const { hostname: host, port } = new URL(plane.server);
  const folder = await serviceAccountFolder(t, plane, 'operator');
  const cluster = await createKubeCluster({ inCluster: { host, port: Number(port), folder }, log });
  t.after(() => cluster.close());
  assert.ok(Array.isArray((await cluster.list(configMaps, { namespace: 'default' })).items));
  const denied = /User "system:serviceaccount:default:operator" cannot/;
  await rejects(cluster.list(configMaps, {}), 'forbidden', denied);
  await rejects(cluster.apply(configMaps, map('one'), { manager: 'suite' }), 'forbidden', denied);
  await rejects(
    cluster.watch(configMaps, { resourceVersion: '0', timeoutSeconds: 1 }, () => {}),
    'forbidden',
    denied,
  );

  // A token that has become void, and the one that takes its place.
  const token = readFileSync(join(folder, 'token'), 'utf8');
  writeFileSync(join(folder, 'token'), 'void');
  const other = await createKubeCluster({ inCluster: { host, port: Number(port), folder }, log });
  t.after(() => other.close());
  writeFileSync(join(folder, 'token'), token);
  assert.ok(await other.get(configMaps, at));
  writeFileSync(join(folder, 'token'), 'void');
  const third = await createKubeCluster({ inCluster: { host, port: Number(port), folder }, log });
  t.after(() => third.close());
  await rejects(third.get(configMaps, at), 'unavailable', /Unauthorized/);
});
