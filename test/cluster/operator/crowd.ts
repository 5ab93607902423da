import { setTimeout } from 'node:timers/promises';
import type { ModelServer } from '../../../src/operator/api/model-server.ts';
import { modelServers } from '../../../src/operator/cluster/kinds.ts';
import { isReady } from '../../support/operator.ts';
import { digits } from './digits.ts';
import type { OperatorProcess } from './operator-process.ts';
import type { Surroundings } from './surroundings.ts';

/** What a crowd of ModelServers that are created at once costs the operator. */
export interface Growth {
  readonly count: number;
  readonly createSeconds: number;
  /** From the first creation until the last of them was Ready. */
  readonly convergeSeconds: number;
  readonly cpuSeconds: number;
  /** Bytes; of the process's whole life so far. */
  readonly peakMemory: number;
  /** Calls of the API server by the HTTP method, with the number of those that failed as `failed`. */
  readonly requests: Requests;
}

/** What it costs while nothing changes. */
export interface Calm {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Bytes. */
  readonly memory: number;
  /** The Lease's renewals among them. */
  readonly requests: Requests;
}

export type Requests = Readonly<Record<string, number>>;

/** How many are created at a time. */
const atOnce = 16;

/** Creates so many ModelServers of one pod each and waits until all are Ready. @throws after so many seconds, with those that are not */
export async function grow(
  world: Surroundings,
  operator: OperatorProcess,
  { namespace, count, seconds }: { readonly namespace: string; readonly count: number; readonly seconds: number },
): Promise<Growth> {
  const before = await consumption(operator);
  const began = performance.now();
  const names = Array.from({ length: count }, (_, index) => `m${index}`).values();
  const create = async () => {
    for (const name of names) await world.cluster.create(modelServers, digits({ namespace, name }));
  };
  await Promise.all(Array.from({ length: atOnce }, create));
  const created = performance.now();
  for (;;) {
    // By what the operator says of itself: to read a thousand ModelServers each second would be a load of its own.
    if ((await readyNow(operator)) >= count) break;
    if (performance.now() - began > seconds * 1000) {
      throw new Error(`${await readyNow(operator)} of ${count} are ready after ${seconds} s`);
    }
    await setTimeout(500);
  }
  const ended = performance.now();
  const after = await consumption(operator);
  const waiting = (await list(world, namespace))
    .filter(({ metadata }) => /^m\d+$/.test(metadata.name))
    .filter(isNotReady);
  if (waiting.length > 0) throw new Error(`not ready, whatever the operator says: ${JSON.stringify(waiting[0])}`);
  return {
    count,
    createSeconds: (created - began) / 1000,
    convergeSeconds: (ended - began) / 1000,
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    peakMemory: operator.memory().peak,
    requests: difference(after.requests, before.requests),
  };
}

export async function watchCalm(operator: OperatorProcess, seconds: number): Promise<Calm> {
  const before = await consumption(operator);
  await setTimeout(seconds * 1000);
  const after = await consumption(operator);
  return {
    seconds,
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    memory: operator.memory().resident,
    requests: difference(after.requests, before.requests),
  };
}

/** All of a namespace, page by page. */
export async function list({ cluster }: Surroundings, namespace: string): Promise<ModelServer[]> {
  const items: ModelServer[] = [];
  let next: string | undefined;
  do {
    const page = await cluster.list<ModelServer>(modelServers, {
      namespace,
      limit: 500,
      ...(next === undefined ? {} : { continue: next }),
    });
    items.push(...page.items);
    next = page.continue;
  } while (next !== undefined);
  return items;
}

const isNotReady = (resource: ModelServer) => !isReady(resource);

async function readyNow(operator: OperatorProcess): Promise<number> {
  const line = /^modelserver_resources\{ready="True",[^}]*\} (\d+)/m;
  return Number(line.exec(await operator.metrics())?.[1] ?? 0);
}

async function consumption(operator: OperatorProcess): Promise<{ cpuSeconds: number; requests: Requests }> {
  const requests: Record<string, number> = {};
  const line = /^rest_client_requests_total\{code="([^"]*)",method="([^"]*)"[^}]*\} (\d+)/gm;
  for (const [, code, method, count] of (await operator.metrics()).matchAll(line)) {
    const names = /^2/.test(code!) || (method === 'GET' && code === '404') ? [method!] : [method!, 'failed'];
    for (const name of names) requests[name] = (requests[name] ?? 0) + Number(count);
  }
  return { cpuSeconds: operator.cpuSeconds(), requests };
}

function difference(after: Requests, before: Requests): Requests {
  const names = Object.keys(after).toSorted();
  return Object.fromEntries(names.map((name) => [name, after[name]! - (before[name] ?? 0)]));
}
