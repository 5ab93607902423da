import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Child, children } from '../../../src/operator/desired/children.ts';
import { podTemplate } from '../../../src/operator/desired/pod-template.ts';
import { serverConfig } from '../../../src/operator/desired/server-config.ts';
import { validExamples } from '../../crds/examples.ts';
import { modelServer } from '../../support/model-server.ts';
import { type CrdApi, namespace } from './crd-api.ts';

const surroundings = { operatorNamespace: 'modelserver-system', podMonitors: false };

/** What is accepted of a ModelServer is accepted of its children too: nobody hears of a mistake only by the reason Rejected. */
export function childrenSuite(crd: () => CrdApi): void {
  for (const { file, object } of validExamples()) {
    test(`the children are accepted too: ${file}`, async () => {
      const owner = modelServer(object.spec, { metadata: { name: 'x', namespace } });
      const config = serverConfig(owner.spec);
      const wanted = children(owner, { pods: podTemplate(owner, 'modelserver:1'), config }, surroundings);
      let count = 0;
      for (const child of wanted) {
        if (!child.object) continue;
        const { status, body } = await crd().call('POST', pathOf(child), { body: child.object });
        assert.equal(status, 201, `${child.kind.kind}: ${body.message}`);
        count++;
      }
      assert.ok(count >= 4, `only ${count} children`);
    });
  }
}

function pathOf({ kind: { apiVersion, plural } }: Child): string {
  const group = apiVersion.includes('/') ? `apis/${apiVersion}` : `api/${apiVersion}`;
  return `/${group}/namespaces/${namespace}/${plural}?dryRun=All&fieldValidation=Strict`;
}
