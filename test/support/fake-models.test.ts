import { modelStatusSuite } from '../suites/model-status-suite.ts';
import { FakeModels } from './fake-models.ts';

const pods = {
  serving: { host: '10.0.0.1', port: 9000 },
  serving6: { host: 'fd00::1', port: 9000 },
  dead: { host: '10.0.0.2', port: 9000 },
  silent: { host: '10.0.0.3', port: 9000 },
  config: { inForce: '0123456789' },
};

modelStatusSuite({
  name: 'fake',
  create(t, { timeoutMs }) {
    const models = new FakeModels({ timeoutMs });
    t.after(() => models.close());
    for (const pod of [pods.serving, pods.serving6]) {
      models.set(pod, 'all', [{ version: 1 }, { version: 2 }]);
      models.set(pod, 'broken', [
        { version: 1 },
        { version: 2, state: 'LOADING', errorCode: 'UNKNOWN', errorMessage: 'Cannot read the model - truncated' },
      ]);
      models.set(pod, 'nothing', []);
      models.configure(pod, pods.config);
    }
    models.delay(pods.silent, 1e9);
    return models;
  },
  pods: async () => pods,
});
