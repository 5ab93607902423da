import type { ModelServerStatus } from '../../../src/operator/api/model-server.ts';

const time = '2026-01-02T03:04:05Z';

/** A status with every field that there is. */
export const fullStatus: ModelServerStatus = {
  observedGeneration: 1,
  phase: 'Ready',
  replicas: 2,
  readyReplicas: 2,
  availableReplicas: 2,
  updatedReplicas: 2,
  selector: 'modelserver.dev/name=scaled',
  revision: '6c9f',
  configRevision: '01ab',
  endpoints: {
    grpc: 'digits.default.svc.cluster.local:8080',
    rest: 'digits.default.svc.cluster.local:8081',
    headless: 'digits-headless.default.svc.cluster.local:8080',
  },
  summary: { models: '0/1' },
  models: [
    {
      name: 'digits',
      ready: false,
      state: 'Degraded',
      servingVersion: 2,
      desiredVersions: [3],
      message: 'Version 3 does not load.',
      versions: [
        { version: 2, state: 'AVAILABLE', pods: '2/2', since: time },
        {
          ...{ version: 3, state: 'END', pods: '0/2', errorCode: 'INVALID_ARGUMENT' },
          ...{ message: 'The file is broken.', since: time },
        },
      ],
    },
  ],
  rollout: { startedAt: time, deadline: time },
  lastSuccessful: { generation: 1, revision: '6c9f', time },
  failedGeneration: 1,
  conditions: [
    {
      ...{ type: 'Ready', status: 'False', observedGeneration: 1, lastTransitionTime: time },
      ...{ reason: 'ModelLoadFailed', message: 'digits version 3 does not load; version 2 serves on.' },
    },
    {
      ...{ type: 'Available', status: 'True', observedGeneration: 1, lastTransitionTime: time },
      ...{ reason: 'ModelsServing', message: '' },
    },
  ],
};
