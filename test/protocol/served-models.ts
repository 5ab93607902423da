import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesPerElement, type Precision } from '../../src/server/model/tensor.ts';
import { accumulatorModel, addModel, identityModel } from '../support/ir-model.ts';
import { statuses } from '../support/predict.ts';
import { protocolModels } from '../support/protocol-models.ts';
import { restFlags } from '../support/rest.ts';
import { type Cleanup, eventually, startServer, type TestServer, temporaryFolder } from '../support/server.ts';

export const precisions = [...Object.keys(bytesPerElement), 'STRING'] as Precision[];

/** Options of models that have any, in config.json. */
const options: Readonly<Record<string, object>> = {
  m: { model_version_policy: { all: {} }, version_labels: { stable: 1, canary: 2, later: 9 } },
  gone: { model_version_policy: { all: {} } },
  broken: { required: false },
  total: { stateful: true },
  picture: { layout: 'NHWC' },
  pictures: { layout: 'NHWC' },
  planes: { layout: 'NCHW' },
};

/**
 * A server of what the cases ask for: the models of all protocol tests; `same_TYPE`, which gives what it gets; `m`, of two versions, each of
 * which adds its number; `gone`, whose first version is retired; `broken`, which does not load; `total`, which adds up a sequence; some for images, which they give as they are.
 */
export async function serveModels(t: Cleanup): Promise<{ server: TestServer; url: string }> {
  const folder = temporaryFolder(t);
  const models = {
    ...protocolModels(),
    ...Object.fromEntries(precisions.map((precision) => [`same_${precision}`, identityModel(precision)])),
    scalar: addModel('FP32', []),
    total: accumulatorModel('FP32', [1, 2]),
    range: addModel('FP32', ['1..5', -1]),
    picture: addModel('FP32', [1, 4, 6, 3], 0),
    pictures: addModel('U8', [-1, -1, -1, -1], 0),
    planes: addModel('FP32', [1, 3, 4, 6], 0),
  };
  for (const [name, model] of Object.entries(models)) model.write(join(folder, name, '1'));
  for (const name of ['m', 'gone']) {
    for (const version of [1, 2]) addModel('FP32', [1, 3], version).write(join(folder, name, `${version}`));
  }
  mkdirSync(join(folder, 'broken/1'), { recursive: true });
  writeFileSync(join(folder, 'broken/1/model.xml'), '<net>this is no model</net>');
  const config = join(folder, 'config.json');
  const names = [...Object.keys(models), 'm', 'gone', 'broken'];
  const model_config_list = names.map((name) => ({ config: { name, base_path: name, ...options[name] } }));
  writeFileSync(config, JSON.stringify({ model_config_list }));
  const rest = await restFlags();
  const server = await startServer(t, ['--config_path', config, '--settle_milliseconds', '50', ...rest.flags]);
  rmSync(join(folder, 'gone/1'), { recursive: true });
  await eventually(
    () => statuses(server.client, 'gone'),
    ([first]) => first?.state === 'END',
  );
  await eventually(
    () => statuses(server.client, 'broken'),
    ([first]) => first?.status.error_code === 'UNKNOWN',
  );
  return { server, url: `http://127.0.0.1:${rest.port}` };
}
