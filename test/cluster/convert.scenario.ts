import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { crdFile } from '../../scripts/crd-schema.ts';
import { convert } from '../../src/operator/convert/convert.ts';
import { startControlPlane } from './control-plane.ts';
import { crdsEstablished } from './established.ts';

const everything = join(import.meta.dirname, '../fixtures/convert/everything.yaml');

const small = `
apiVersion: intel.com/v1alpha1
kind: ModelServer
metadata: {name: small, namespace: vision}
spec: {}
---
apiVersion: intel.com/v1alpha1
kind: ModelServer
metadata: {name: several, namespace: vision}
spec:
  models_settings: {single_model_mode: false, config_configmap_name: several}
---
apiVersion: intel.com/v1alpha1
kind: ModelServer
metadata: {name: root, namespace: vision}
spec:
  models_settings: {model_name: m, model_path: /models, batch_size: 1-8, model_version_policy: '{"all": {}}'}
  models_repository: {models_host_path: /srv/models}
`;

test('the API server takes what the conversion gives', { timeout: 120_000 }, async () => {
  await using plane = await startControlPlane({ name: 'convert' });
  await plane.kubectl(['create', '--filename', crdFile]);
  await crdsEstablished(plane.kubectl);
  await plane.kubectl(['create', 'namespace', 'vision']);
  for (const text of [readFileSync(everything, 'utf8'), small]) {
    const said = await plane.kubectl(['apply', '--namespace=vision', '--validate=strict', '--filename=-'], {
      input: convert(text).yaml,
    });
    assert.doesNotMatch(said, /Warning/);
  }
  const names = await plane.kubectl(['get', 'modelservers', '--namespace=vision', '--output=name']);
  assert.deepEqual(
    names
      .trim()
      .split('\n')
      .map((name) => name.split('/')[1]),
    ['digits', 'root', 'several', 'small'],
  );
});
