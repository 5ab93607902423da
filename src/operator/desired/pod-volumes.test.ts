import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelServer } from '../../../test/support/model-server.ts';
import { modelFolder } from './models.ts';
import { podVolumes, usesImageVolumes, volumeClaims } from './pod-volumes.ts';

const claim = { persistentVolumeClaim: { claimName: 'c' } };

const repositories: [what: string, repository: object, volume: object, mount: object][] = [
  [
    'a claim',
    { persistentVolumeClaim: { claimName: 'c', subPath: 'team' }, mountPath: '/srv' },
    { name: 'models', persistentVolumeClaim: { claimName: 'c', readOnly: true } },
    { name: 'models', mountPath: '/srv', subPath: 'team', readOnly: true },
  ],
  [
    'a folder of the node',
    { hostPath: { path: '/data', type: 'Directory' } },
    { name: 'models', hostPath: { path: '/data', type: 'Directory' } },
    { name: 'models', mountPath: '/models', readOnly: true },
  ],
  [
    'a folder of the node, of any kind',
    { hostPath: { path: '/data' } },
    { name: 'models', hostPath: { path: '/data' } },
    { name: 'models', mountPath: '/models', readOnly: true },
  ],
  [
    'an image',
    { image: { reference: 'r/m:1', pullPolicy: 'Always' } },
    { name: 'models', image: { reference: 'r/m:1', pullPolicy: 'Always' } },
    { name: 'models', mountPath: '/models', readOnly: true },
  ],
];

for (const [what, repository, volume, mount] of repositories) {
  test(`the repository is ${what}`, () => {
    const { volumes, mounts } = podVolumes(modelServer({ repository }));
    assert.deepEqual(volumes.slice(2), [volume]);
    assert.deepEqual(mounts.slice(2), [mount]);
  });
}

test("config and temporary files have volumes, and users' volumes come last", () => {
  const extraVolumes = [{ name: 'cache', emptyDir: {} }];
  const extraVolumeMounts = [{ name: 'cache', mountPath: '/cache' }];
  const { volumes, mounts } = podVolumes(modelServer({ template: { extraVolumes, extraVolumeMounts } }));
  assert.deepEqual(
    volumes.map(({ name }) => name),
    ['config', 'tmp', 'models', 'cache'],
  );
  assert.deepEqual(mounts[0], { name: 'config', mountPath: '/etc/modelserver', readOnly: true });
  assert.deepEqual(mounts[1], { name: 'tmp', mountPath: '/tmp' });
  assert.deepEqual(mounts[3], extraVolumeMounts[0]);
});

const models: [entry: object, folder: string, mountPath: string | undefined, subPath?: string][] = [
  [{}, '/models/M_1.0', undefined],
  [{ path: 'vision/digits/' }, '/models/vision/digits/', undefined],
  [{ image: { reference: 'r/m:1' } }, '/model-volumes/M_1.0', '/model-volumes/M_1.0'],
  [{ image: { reference: 'r/m:1', subPath: 'a/b' } }, '/model-volumes/M_1.0/a/b', '/model-volumes/M_1.0'],
  [claim, '/model-volumes/M_1.0', '/model-volumes/M_1.0'],
  [{ persistentVolumeClaim: { claimName: 'c', subPath: 's' } }, '/model-volumes/M_1.0', '/model-volumes/M_1.0', 's'],
];

for (const [entry, folder, mountPath, subPath] of models) {
  test(`a model of ${JSON.stringify(entry)} lies in ${folder}`, () => {
    const owner = modelServer({ models: [{ name: 'M_1.0', ...entry }] });
    assert.equal(modelFolder(owner.spec.models![0]!, owner.spec), folder);
    const { volumes, mounts } = podVolumes(owner);
    assert.deepEqual(
      mounts.slice(3).map((mount) => [mount.mountPath, mount.subPath]),
      mountPath === undefined ? [] : [[mountPath, subPath]],
    );
    for (const { name } of volumes) assert.match(String(name), /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
    for (const mount of mounts.slice(2)) assert.equal(mount.readOnly, true);
  });
}

test('two models of one claim have a volume each, and the claim is looked for once', () => {
  const owner = modelServer({
    repository: claim,
    models: [{ name: 'a', ...claim }, { name: 'b', ...claim }, { name: 'c' }],
  });
  const names = podVolumes(owner).volumes.map(({ name }) => name);
  assert.equal(names.length, 5);
  assert.equal(new Set(names).size, 5);
  assert.deepEqual(volumeClaims(owner.spec), ['c']);
});

test('models may bring all volumes themselves', () => {
  const owner = modelServer({ repository: undefined, models: [{ name: 'a', image: { reference: 'r/m:1' } }] });
  assert.equal(podVolumes(owner).volumes.length, 3);
  assert.deepEqual(volumeClaims(owner.spec), []);
  assert.ok(usesImageVolumes(owner.spec));
  assert.ok(!usesImageVolumes(modelServer().spec));
  assert.ok(usesImageVolumes(modelServer({ repository: { image: { reference: 'r' } } }).spec));
});

test('Secrets with certificates are mounted by their names', () => {
  const { volumes, mounts } = podVolumes(
    modelServer({ server: { tls: { secretName: 'own', clientCASecretName: 'clients' } } }),
  );
  const names = ['model-server-tls', 'model-server-client-ca'];
  assert.deepEqual(volumes.slice(2, 4), [
    { name: names[0], secret: { secretName: 'own' } },
    { name: names[1], secret: { secretName: 'clients' } },
  ]);
  assert.deepEqual(mounts.slice(2, 4), [
    { name: names[0], mountPath: '/etc/modelserver-tls', readOnly: true },
    { name: names[1], mountPath: '/etc/modelserver-client-ca', readOnly: true },
  ]);
});
