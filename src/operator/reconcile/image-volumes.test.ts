import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelServer } from '../../../test/support/model-server.ts';
import { podTemplate } from '../desired/pod-template.ts';
import { lostImageVolumes } from './image-volumes.ts';
import type { Deployment } from './snapshot.ts';

const pods = podTemplate(modelServer({ repository: { image: { reference: 'models:1' } } }), 'server:1');
const deploymentOf = (template: object) => ({ spec: { template } }) as unknown as Deployment;

test('volumes that the API server left out are missed', () => {
  const { spec, ...rest } = pods.template as { spec: { volumes: { name: string }[] } };
  const volumes = spec.volumes.filter(({ name }) => name !== 'models');
  const lost = lostImageVolumes(pods, deploymentOf({ ...rest, spec: { ...spec, volumes } }));
  assert.equal(lost?.reason, 'ImageVolumesUnsupported');
});

test('nothing is missed of what is whole, of another revision, or not there', () => {
  assert.equal(lostImageVolumes(pods, deploymentOf(pods.template)), undefined);
  assert.equal(lostImageVolumes(pods, deploymentOf({ metadata: { labels: {} }, spec: {} })), undefined);
  assert.equal(lostImageVolumes(pods, undefined), undefined);
});
