import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { leases, modelServers } from '../../../src/operator/cluster/kinds.ts';
import type { Lease } from '../../../src/operator/runtime/lease.ts';
import { isReady } from '../../support/operator.ts';
import type { AuditEvent } from '../audit-log.ts';
import { digits } from './digits.ts';
import { eventually } from './eventually.ts';
import { OperatorProcess } from './operator-process.ts';
import {
  addServiceAccount,
  operatorName,
  operatorNamespace,
  type Surroundings,
  startSurroundings,
} from './surroundings.ts';

const namespace = 'led';
const names = ['a', 'b', 'c', 'd'];

let world: Surroundings;
/** Those that run, by their ServiceAccounts. */
const operators = new Map<string, OperatorProcess>();
let churn: Churn;

before(
  async () => {
    world = await startSurroundings('leader');
    await world.createNamespace(namespace);
    for (const account of ['first', 'second']) {
      await addServiceAccount(world, account);
      await start(account);
    }
    for (const name of names) await world.cluster.create(modelServers, digits({ namespace, name }));
    for (const name of names) await world.until({ namespace, name }, isReady);
    churn = new Churn();
  },
  { timeout: 180_000 },
);
after(async () => {
  await churn?.stop();
  await world?.stop();
});

afterEach(async () => {
  // Both run again, and both are ready: who follows knows as much as who leads.
  for (const [account, operator] of operators) if (!operator.running) await start(account);
  for (const operator of operators.values()) await eventually(() => operator.probe('readyz'), Boolean);
});

async function start(account: string): Promise<void> {
  operators.set(account, await OperatorProcess.start(world.plane, { name: account, serviceAccount: account }));
}

test('of two, one leads', { timeout: 60_000 }, async () => {
  const leader = await leaderNow();
  const [writes, others] = [writesOf(leader), writesOf(other(leader))];
  assert.ok(writes.length > 0);
  assert.deepEqual(others, []);
});

test('when the leader is killed, the other leads within 20 seconds', { timeout: 60_000 }, async (t) => {
  const leader = await leaderNow();
  const killed = Date.now();
  await operators.get(leader)!.kill();
  const next = await eventually(() => firstWriteOf(other(leader), killed), Boolean, 40);
  const seconds = (time(next!) - killed) / 1000;
  t.diagnostic(`the other wrote ${seconds.toFixed(1)} s after the kill`);
  assert.ok(seconds < 20);
  assertTurns(leader, killed);
});

test('when the leader is told to end, the other leads at once', { timeout: 60_000 }, async (t) => {
  const leader = await leaderNow();
  const told = Date.now();
  operators.get(leader)!.signal('SIGTERM');
  assert.equal(await operators.get(leader)!.exited(), 0);
  const next = await eventually(() => firstWriteOf(other(leader), told), Boolean, 20);
  const seconds = (time(next!) - told) / 1000;
  t.diagnostic(`the other wrote ${seconds.toFixed(1)} s after the signal`);
  assert.ok(seconds < 5);
  assertTurns(leader, told);
});

test('a leader that was frozen for too long ends without another word', { timeout: 90_000 }, async (t) => {
  const leader = await leaderNow();
  const frozen = Date.now();
  operators.get(leader)!.signal('SIGSTOP');
  const next = await eventually(() => firstWriteOf(other(leader), frozen), Boolean, 40);
  t.diagnostic(`the other wrote ${((time(next!) - frozen) / 1000).toFixed(1)} s after the freeze`);
  await setTimeout(2_000);
  operators.get(leader)!.signal('SIGCONT');
  assert.equal(await operators.get(leader)!.exited(), 1);
  assertTurns(leader, frozen);
});

/** Edits the ModelServers all the time, so that there is always something to write. */
class Churn {
  readonly #running: Promise<void>;
  #over = false;

  constructor() {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#over = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let round = 0; !this.#over; round++) {
      const patch = { spec: { service: { annotations: { round: String(round) } } } };
      const name = names[round % names.length]!;
      await world.cluster.merge(modelServers, { namespace, name }, patch);
      await setTimeout(50);
    }
  }
}

async function leaderNow(): Promise<string> {
  const find = async () => {
    const lease = await world.cluster.get<Lease>(leases, { namespace: operatorNamespace, name: operatorName });
    return lease?.spec?.holderIdentity;
  };
  return (await eventually(find, (holder) => operators.has(holder ?? '')))!;
}

function other(account: string): string {
  return [...operators.keys()].find((name) => name !== account)!;
}

/** Without events: they say what was, and do nothing. */
function writesOf(account: string): AuditEvent[] {
  return world.writesOf(account).filter(({ objectRef }) => objectRef?.resource !== 'events');
}

/** @param after milliseconds since 1970 */
function firstWriteOf(account: string, after: number): AuditEvent | undefined {
  return writesOf(account).find((write) => time(write) > after);
}

/** The leader of until then has written nothing since the other did. */
function assertTurns(before: string, since: number): void {
  const first = firstWriteOf(other(before), since)!;
  const late = writesOf(before).filter((write) => time(write) >= time(first));
  assert.deepEqual(late, []);
}

function time({ requestReceivedTimestamp }: AuditEvent): number {
  return Date.parse(requestReceivedTimestamp);
}
