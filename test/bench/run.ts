// Measures this server beside a bare grpc-js echo and the engine alone, in turn, and writes docs/benchmarks.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client, floats, type PredictResponse } from '../../examples/clients/typescript/client.ts';
import { freePort } from '../support/server.ts';
import { h2load, isH2loadThere } from './h2load.ts';
import { type Generator, type Measured, measure } from './load.ts';
import { nodeClient } from './node-client.ts';
import { measureEngine } from './raw-engine.ts';
import { pageOf, plotOf, type Row, tableOf } from './report.ts';
import { frameOf, layersTaking, type Subject, subjectsWith } from './subjects.ts';

const rounds = 3;
const root = join(import.meta.dirname, '../..');

async function main(): Promise<void> {
  const generator = isH2loadThere() ? h2load : nodeClient;
  const folder = mkdtempSync(join(tmpdir(), 'modelserver-bench-'));
  const children: ChildProcess[] = [];
  try {
    console.log(`The load is sent by ${generator.description}.`);
    const layers = await layersTaking(100, folder);
    console.log(`The convolutional net has ${layers} layers.`);
    const rows = await measureAll(subjectsWith(layers), generator, folder, children);
    console.log(tableOf(rows));
    // Better figures, of a run with h2load, are not lost to a machine without it.
    if (generator === h2load || process.env.MODELSERVER_BENCH_WRITE === '1') {
      const pages = join(root, 'docs/benchmarks');
      mkdirSync(pages, { recursive: true });
      writeFileSync(join(pages, 'serving.md'), pageOf(rows, { rounds, layers, generator: generator.description }));
      writeFileSync(join(pages, 'serving.svg'), plotOf(rows));
    } else {
      console.log('docs/benchmarks is as it was; MODELSERVER_BENCH_WRITE=1 writes these figures there');
    }
    console.log(`${rows.length} passed, 0 failed, 0 skipped`);
  } finally {
    for (const child of children) child.kill('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureAll(
  subjects: readonly Subject[],
  generator: Generator,
  folder: string,
  children: ChildProcess[],
): Promise<Row[]> {
  for (const subject of subjects) subject.write(join(folder, subject.name, '1'));
  const config = subjects.map(({ name }) => ({ config: { name, base_path: name } }));
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ model_config_list: config }));
  const port = await freePort();
  const server = spawn(
    join(root, 'bin/modelserver'),
    ['--config_path', join(folder, 'config.json'), '--port', String(port), '--grpc_bind_address', '127.0.0.1'],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  children.push(server);
  await line(server.stderr!, (text) => text.includes('Started model manager thread'));
  const echo = spawn(process.execPath, [join(import.meta.dirname, 'echo-server.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(echo);
  const echoPort = Number(await line(echo.stdout!, () => true));

  const rows: Row[] = [];
  for (const subject of subjects) {
    await checkValues(port, subject);
    const frame = join(folder, 'frame');
    writeFileSync(frame, frameOf(subject));
    for (const load of subject.loads) {
      const concurrency = load.connections * load.streams;
      const echoes: Measured[] = [];
      const servers: Measured[] = [];
      const engines: number[] = [];
      // In turn, so that a machine that is slow for a while is slow for all of them.
      for (let round = 0; round < rounds; round++) {
        echoes.push(await measure(generator, echoPort, echo.pid!, frame, load));
        servers.push(await measure(generator, port, server.pid!, frame, load));
        engines.push(await measureEngine(join(folder, subject.name, '1'), subject.shape, concurrency, subject.raw));
      }
      rows.push({
        subject: subject.name,
        load,
        echo: middle(echoes),
        server: middle(servers),
        engine: median(engines),
      });
      process.stderr.write(`measured ${subject.name}, ${load.connections} × ${load.streams}\n`);
    }
    await checkValues(port, subject);
  }
  return rows;
}

/** A load generator looks at no value: this does, before and after. */
async function checkValues(port: number, { name, shape, answer }: Subject): Promise<void> {
  const client = new Client(`127.0.0.1:${port}`);
  const values = new Float32Array(shape.reduce((count, size) => count * size, 1)).fill(3);
  const request = { model_spec: { name }, inputs: { b: floats(values, ...shape) } };
  const { outputs } = await client.call<PredictResponse>('PredictionService', 'Predict', request);
  client.close();
  const first = outputs.a!.tensor_content.readFloatLE(0);
  if (first !== answer) throw new Error(`${name} answers ${first}, not ${answer}`);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function middle(runs: readonly Measured[]): Measured {
  const of = (key: keyof Measured) => median(runs.map((run) => run[key]));
  return {
    requestsPerSecond: of('requestsPerSecond'),
    cpuMicroseconds: of('cpuMicroseconds'),
    p50Ms: of('p50Ms'),
    p99Ms: of('p99Ms'),
  };
}

function line(stream: NodeJS.ReadableStream, fits: (text: string) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const lines = createInterface(stream as NodeJS.ReadStream);
    lines.on('line', (text) => fits(text) && resolve(text));
    lines.once('close', () => reject(new Error('a server ended before it served')));
  });
}

await main();
