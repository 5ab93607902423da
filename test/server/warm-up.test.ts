import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { predictSum } from '../support/predict.ts';
import { predictLog, record, records } from '../support/recorded-requests.ts';
import { single, writeVersion } from '../support/repository.ts';
import { startServer, temporaryFolder } from '../support/server.ts';

const request = (columns: number) =>
  predictLog({
    inputs: {
      b: { dtype: 1, tensor_shape: { dim: [{ size: 1 }, { size: columns }] }, float_val: new Array(columns).fill(1) },
    },
  });

const cases: [what: string, file: Buffer | undefined, flags: string[], told: object][] = [
  ['a request of zeros', undefined, [], { kind: 'synthetic', requests: 1 }],
  ['requests that are recorded', records(request(10), request(10)), [], { kind: 'recorded', requests: 2 }],
  ['zeros, if told so', records(request(10)), ['--warmup', 'synthetic'], { kind: 'synthetic', requests: 1 }],
  ['nothing, if told so', records(request(10)), ['--warmup', 'none'], { kind: 'none', requests: 0 }],
  [
    'what can be, of requests that do not fit',
    records(request(11), request(10)),
    [],
    {
      kind: 'recorded',
      requests: 1,
      failures: ['recorded request 1: Invalid input shape - Expected: (1,10); Actual: (1,11); input name: b'],
    },
  ],
];

for (const [what, file, flags, told] of cases) {
  test(`a version runs ${what} before it serves`, async (t) => {
    const folder = temporaryFolder(t);
    writeVersion(folder, 1);
    if (file) record(join(folder, '1'), file);
    const server = await startServer(t, [...single(folder), ...flags, '--log_level', 'DEBUG']);
    const at = server.log.findIndex(({ kind }) => kind !== undefined);
    const { kind, requests, failures, model, version } = server.log[at]!;
    const given = failures === undefined ? {} : { failures };
    assert.deepEqual({ kind, requests, model, version, ...given }, { ...told, model: 'm', version: 1 });
    assert.ok(at < server.log.findIndex(({ state }) => state === 'AVAILABLE'));
    assert.deepEqual(await predictSum(server.client), { version: 1, added: 1 });
  });
}
