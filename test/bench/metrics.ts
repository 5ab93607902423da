// What metrics cost: the processor time of a small Predict with them and without, in one run. Beside them another build of the server,
// if its executable is named: `node test/bench/metrics.ts ../other/bin/modelserver`.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../support/server.ts';
import { h2load, isH2loadThere } from './h2load.ts';
import { type Load, measure } from './load.ts';
import { nodeClient } from './node-client.ts';
import { frameOf, subjectsWith } from './subjects.ts';

const rounds = 15;
const load: Load = { connections: 1, streams: 16, requests: 20_000 };
const own = join(import.meta.dirname, '../../bin/modelserver');

async function main(others: readonly string[]): Promise<void> {
  const [tiny] = subjectsWith(1);
  const generator = isH2loadThere() ? h2load : nodeClient;
  const folder = mkdtempSync(join(tmpdir(), 'modelserver-bench-'));
  const children: ChildProcess[] = [];
  try {
    tiny!.write(join(folder, 'model/1'));
    const frame = join(folder, 'frame');
    writeFileSync(frame, frameOf(tiny!));
    const start = async (executable: string, metrics: boolean) => {
      const port = await freePort();
      const model = ['--model_name', tiny!.name, '--model_path', join(folder, 'model'), '--port', String(port)];
      const flags = metrics ? ['--metrics_enable', '--rest_port', String(await freePort())] : [];
      const child = spawn(executable, [...model, ...flags], { stdio: ['ignore', 'ignore', 'pipe'] });
      children.push(child);
      await started(child);
      return { port, pid: child.pid!, figures: [] as number[] };
    };
    const subjects = [
      { name: 'without metrics', ...(await start(own, false)) },
      { name: 'with metrics', ...(await start(own, true)) },
    ];
    for (const other of others) subjects.push({ name: other, ...(await start(other, false)) });
    // The first round warms them up. In turn, so that a machine that is slow for a while is slow for all of them.
    for (let round = 0; round <= rounds; round++) {
      for (const { port, pid, figures } of subjects) {
        const { cpuMicroseconds } = await measure(generator, port, pid, frame, load);
        if (round > 0) figures.push(cpuMicroseconds);
      }
    }
    // Round by round, since the machine may be another one in the next; and the best, which other work disturbed least.
    const base = subjects[0]!.figures;
    for (const { name, figures } of subjects) {
      const ratio = median(figures.map((figure, round) => figure / base[round]!));
      const best = Math.min(...figures);
      const bestRatio = best / Math.min(...base);
      console.log(
        `${name}: median ${median(figures).toFixed(1)} µs (× ${ratio.toFixed(3)}), best ${best.toFixed(1)} µs (× ${bestRatio.toFixed(3)})`,
      );
    }
  } finally {
    for (const child of children) child.kill('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  }
}

function started({ stderr }: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const lines = createInterface(stderr!);
    lines.on('line', (text) => text.includes('Started model manager thread') && resolve());
    lines.once('close', () => reject(new Error('a server ended before it served')));
  });
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

await main(process.argv.slice(2));
