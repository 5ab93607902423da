// Brings a thousand ModelServers at once to an operator on a real API server, and writes docs/benchmarks/operator.md. It takes
// root, and KUBE_ASSETS as the scenarios do: KUBE_ASSETS=… node test/bench/operator.ts
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type Calm, type Growth, grow, type Requests, watchCalm } from '../cluster/operator/crowd.ts';
import { eventually } from '../cluster/operator/eventually.ts';
import { OperatorProcess } from '../cluster/operator/operator-process.ts';
import { startSurroundings } from '../cluster/operator/surroundings.ts';

const namespace = 'crowd';
const counts = [100, 1_000];

async function measure(count: number): Promise<{ growth: Growth; calm: Calm }> {
  const world = await startSurroundings(`bench-${count}`);
  try {
    await world.createNamespace(namespace);
    const operator = await OperatorProcess.start(world.plane, { name: 'one' });
    await eventually(() => operator.probe('readyz'), Boolean);
    const growth = await grow(world, operator, { namespace, count, seconds: 900 });
    // The last events are written meanwhile.
    await setTimeout(30_000);
    return { growth, calm: await watchCalm(operator, 60) };
  } finally {
    await world.stop();
  }
}

function page(rows: readonly { growth: Growth; calm: Calm }[]): string {
  const line = (name: string, value: (row: { growth: Growth; calm: Calm }) => string) =>
    `| ${name} | ${rows.map(value).join(' | ')} |`;
  return `# The operator, measured

Written by \`test/bench/operator.ts\`. So many ModelServers, of one pod and one model each, are created at once on a real API server with
the controllers of Kubernetes and one real server that answers for every pod; the node is simulated. All of them share ${cpus().length} cores, so
the time until the last one is Ready is mostly the API server's and the controllers'. The operator runs with its defaults.

${[
  line('ModelServers', ({ growth }) => String(growth.count)),
  `|---|${rows.map(() => '---:').join('|')}|`,
  line('seconds to create them', ({ growth }) => growth.createSeconds.toFixed(1)),
  line('seconds until all are Ready', ({ growth }) => growth.convergeSeconds.toFixed(0)),
  line("the operator's processor seconds for that", ({ growth }) => growth.cpuSeconds.toFixed(1)),
  line('its memory at most, MiB', ({ growth }) => (growth.peakMemory / 2 ** 20).toFixed(0)),
  line('its calls of the API server', ({ growth }) => told(growth.requests)),
  line('then, in 60 s without a change: processor seconds', ({ calm }) => calm.cpuSeconds.toFixed(1)),
  line('memory, MiB', ({ calm }) => (calm.memory / 2 ** 20).toFixed(0)),
  line('calls (PUT renews the Lease)', ({ calm }) => told(calm.requests)),
].join('\n')}

The memory is all that the process has resident, the shared 60 MiB of Node's program among it.
`;
}

function told(requests: Requests): string {
  const some = Object.entries(requests).filter(([, count]) => count > 0);
  return some.map(([method, count]) => `${count} ${method}`).join(', ');
}

/** Each in a process of its own: a process enters a network only once. */
if (process.argv[2]) {
  console.log(JSON.stringify(await measure(Number(process.argv[2]))));
} else {
  const { execFileSync } = await import('node:child_process');
  const rows = counts.map((count) => {
    const output = execFileSync(process.execPath, [import.meta.filename, String(count)], { encoding: 'utf8' });
    return JSON.parse(output) as { growth: Growth; calm: Calm };
  });
  const text = page(rows);
  console.log(text);
  writeFileSync(join(import.meta.dirname, '../../docs/benchmarks/operator.md'), text);
}
