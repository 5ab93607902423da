import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { KServeClient } from '../support/kserve.ts';
import type { Cleanup } from '../support/server.ts';
import { imageCases } from './image-cases.ts';
import { kserveGrpcWays } from './kserve-grpc.ts';
import { kserveRestWays } from './kserve-rest.ts';
import { comparable, type PlainTensor } from './plain-tensor.ts';
import { type Outcome, type ProtocolCase, refusals, type Way } from './protocol-case.ts';
import { refusedCases } from './refused-cases.ts';
import { sequenceCases } from './sequence-cases.ts';
import { serveModels } from './served-models.ts';
import { tensorCases } from './tensor-cases.ts';
import { tfsGrpcWays } from './tfs-grpc.ts';
import { tfsRestWays } from './tfs-rest.ts';
import { versionCases } from './version-cases.ts';

const cases: readonly ProtocolCase[] = [
  ...tensorCases,
  ...versionCases,
  ...imageCases,
  ...refusedCases,
  ...sequenceCases,
];

const cleanUps: (() => unknown)[] = [];
const file: Cleanup = { after: (cleanUp) => cleanUps.push(cleanUp) };
let ways: readonly Way[];

before(async () => {
  const { server, url } = await serveModels(file);
  const kserve = new KServeClient(file, server.port);
  ways = [...tfsGrpcWays(server.client), ...tfsRestWays(url), ...kserveGrpcWays(kserve), ...kserveRestWays(url)];
});
after(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

/** What was left out, and why: `way: reason` to the names of cases. */
const left = new Map<string, string[]>();

for (const row of cases) {
  test(`over every protocol alike: ${row.name}`, async () => {
    const actual: Record<string, unknown> = {};
    const expected: Record<string, unknown> = {};
    for (const way of ways.filter(({ asks }) => asks.includes(row.ask.what))) {
      const reason = row.not?.[way.protocol] ?? way.cannot(row.ask);
      if (reason) {
        const key = `${way.name}: ${reason}`;
        left.set(key, [...(left.get(key) ?? []), row.name]);
        continue;
      }
      const wanted = expectedOf(row, way);
      expected[way.name] = wanted;
      actual[way.name] = toldOf(await way.ask(row.ask), wanted, way);
    }
    assert.notDeepEqual(expected, {}, 'no protocol can say this');
    assert.deepEqual(actual, expected);
  });
}

test('what a protocol cannot say is left out, and told here', (t) => {
  for (const [reason, names] of left) t.diagnostic(`${reason} (${names.join('; ')})`);
  const names = cases.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length, 'two cases have one name');
});

interface Wanted {
  readonly message?: string | undefined;
  readonly version?: number;
}

/** What the table wants, as far as the protocol tells it. */
function expectedOf({ expected }: ProtocolCase, way: Way): Wanted {
  if ('refusal' in expected) {
    const codes = refusals[expected.refusal];
    const code = way.protocol.endsWith('REST') ? codes.http : codes.grpc;
    const { message } = expected;
    return {
      ...(way.name !== 'KServe gRPC, a stream' && { code }),
      message: typeof message === 'string' ? message : (message[way.name] ?? message[way.protocol]),
    };
  }
  if (!('outputs' in expected)) return expected as Wanted;
  const { version, outputs } = expected;
  const isToldVersion = version !== undefined && way.protocol !== 'TFS REST';
  return { ...(isToldVersion && { version }), ...comparableOutputs(outputs, way) };
}

/** What came back, as far as the table wants anything of it. */
function toldOf(outcome: Outcome, { message: wanted, version: wantedVersion }: Wanted, way: Way): unknown {
  if ('message' in outcome) {
    const { message } = outcome;
    return { ...outcome, message: wanted && message.startsWith(`${wanted} - `) ? wanted : message };
  }
  if (!('outputs' in outcome)) return outcome;
  const { version, outputs } = outcome;
  return { ...(wantedVersion !== undefined && { version }), ...comparableOutputs(outputs, way) };
}

/** KServe's outputs have an order; TensorFlow Serving's are a map. */
function comparableOutputs(outputs: Readonly<Record<string, PlainTensor>>, { protocol }: Way): object {
  const list = Object.entries(outputs).map(([name, tensor]) => [name, comparable(tensor)] as const);
  return protocol.startsWith('KServe') ? { outputs: list } : { outputs: Object.fromEntries(list) };
}
