// Measures this server beside a bare grpc-js echo and the engine alone, in turn, and writes docs/benchmarks.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client, floats, type PredictResponse } from '../../examples/clients/typescript/client.ts';
import { messageType } from '../../src/server/wire/protobuf/message-types.ts';
import { addModel, convolutionModel } from '../support/ir-model.ts';
import { freePort } from '../support/server.ts';
import { isLoadAvailable, type Load, type Measured, measure } from './load.ts';
import { plot } from './plot.ts';
import { measureEngine } from './raw-engine.ts';

const rounds = 3;
const root = join(import.meta.dirname, '../..');

interface Subject {
  readonly name: string;
  readonly shape: readonly number[];
  readonly write: (folder: string) => void;
  readonly loads: readonly Load[];
  /** Inferences of the engine alone in a round. */
  readonly raw: number;
}

const load = (connections: number, streams: number, requests: number): Load => ({ connections, streams, requests });
const subjects: readonly Subject[] = [
  {
    name: 'tiny',
    shape: [1, 10],
    write: (folder) => addModel('FP32', [1, 10]).write(folder),
    loads: [load(1, 1, 5_000), load(1, 4, 10_000), load(1, 16, 20_000), load(4, 16, 40_000)],
    raw: 100_000,
  },
  {
    name: '600 KB',
    shape: [1, 150_000],
    write: (folder) => addModel('FP32', [1, 150_000]).write(folder),
    loads: [load(1, 1, 400), load(1, 4, 800), load(1, 16, 800)],
    raw: 4_000,
  },
  {
    name: 'convolutions',
    shape: [1, 1, 128, 128],
    write: (folder) => convolutionModel(128, 64).write(folder),
    loads: [load(1, 1, 30), load(1, 4, 40), load(1, 16, 48)],
    raw: 30,
  },
];

interface Row {
  readonly subject: string;
  readonly load: Load;
  readonly echo: Measured;
  readonly server: Measured;
  /** Inferences per second of the engine alone, at the same concurrency. */
  readonly engine: number;
}

async function main(): Promise<void> {
  if (!isLoadAvailable()) {
    console.log('not measured: the load generator h2load is missing (package nghttp2-client)');
    console.log('0 passed, 0 failed, 1 skipped');
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'modelserver-bench-'));
  const children: ChildProcess[] = [];
  try {
    const rows = await measureAll(folder, children);
    const table = report(rows);
    console.log(table);
    mkdirSync(join(root, 'docs/benchmarks'), { recursive: true });
    writeFileSync(join(root, 'docs/benchmarks/serving.md'), page(table));
    writeFileSync(join(root, 'docs/benchmarks/serving.svg'), chart(rows));
    console.log(`${rows.length} passed, 0 failed, 0 skipped`);
  } finally {
    for (const child of children) child.kill('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureAll(folder: string, children: ChildProcess[]): Promise<Row[]> {
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
    for (const each of subject.loads) {
      const log = join(folder, 'log');
      const concurrency = each.connections * each.streams;
      const echoes: Measured[] = [];
      const servers: Measured[] = [];
      const engines: number[] = [];
      // In turn, so that a machine that is slow for a while is slow for all of them.
      for (let round = 0; round < rounds; round++) {
        echoes.push(await measure(echoPort, echo.pid!, frame, log, each));
        servers.push(await measure(port, server.pid!, frame, log, each));
        engines.push(await measureEngine(join(folder, subject.name, '1'), subject.shape, concurrency, subject.raw));
      }
      rows.push({
        subject: subject.name,
        load: each,
        echo: middle(echoes),
        server: middle(servers),
        engine: median(engines),
      });
      process.stderr.write(`measured ${subject.name}, ${each.connections} × ${each.streams}\n`);
    }
    await checkValues(port, subject);
  }
  return rows;
}

/** A load generator looks at no value: this does, before and after. */
async function checkValues(port: number, { name, shape }: Subject): Promise<void> {
  const client = new Client(`127.0.0.1:${port}`);
  const values = new Float32Array(shape.reduce((count, size) => count * size, 1)).fill(3);
  const request = { model_spec: { name }, inputs: { b: floats(values, ...shape) } };
  const { outputs } = await client.call<PredictResponse>('PredictionService', 'Predict', request);
  client.close();
  const expected = name === 'convolutions' ? 3 : 4;
  const answer = outputs.a!.tensor_content.readFloatLE(0);
  if (answer !== expected) throw new Error(`${name} answers ${answer}, not ${expected}`);
}

function frameOf({ name, shape }: Subject): Buffer {
  const type = messageType('tensorflow_serving/apis/predict.proto', 'tensorflow.serving.PredictRequest');
  const values = new Float32Array(shape.reduce((count, size) => count * size, 1));
  const tensor = { ...floats(values, ...shape), dtype: 1 };
  const message = type.encode({ model_spec: { name }, inputs: { b: tensor } });
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.byteLength, 1);
  return Buffer.concat([head, message]);
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

function report(rows: readonly Row[]): string {
  const lines = rows.map(({ subject, load: { connections, streams }, echo, server, engine }) => {
    const cells = [
      subject,
      `${connections} × ${streams}`,
      server.cpuMicroseconds.toFixed(0),
      echo.cpuMicroseconds.toFixed(0),
      (server.cpuMicroseconds / echo.cpuMicroseconds).toFixed(2),
      server.requestsPerSecond.toFixed(server.requestsPerSecond < 100 ? 1 : 0),
      engine.toFixed(engine < 100 ? 1 : 0),
      `${((100 * server.requestsPerSecond) / engine).toFixed(0)} %`,
      `${server.p50Ms.toFixed(2)} / ${server.p99Ms.toFixed(2)}`,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| model | connections × streams | CPU µs per request | echo | ratio | requests/s | engine alone | share | p50 / p99 ms |',
    '|---|---|---|---|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}

function page(table: string): string {
  return `# Serving, measured

Written by \`make bench\`. *echo* is a bare grpc-js server that answers each message with its own bytes; *engine alone* is the same engine
in a loop, without a server. All three are measured in turn, ${rounds} rounds, medians; the load comes from h2load on the same machine, and a
separate client checks values before and after. CPU is the server process's user and system time. Machines differ by factors: ratios hold.

${table}

![CPU per request](serving.svg)
`;
}

function chart(rows: readonly Row[]): string {
  const bars = rows
    .filter(({ subject }) => subject === 'tiny')
    .flatMap(({ load: { connections, streams }, echo, server }) => [
      { label: `modelserver, ${connections} × ${streams}`, value: server.cpuMicroseconds },
      { label: `grpc-js echo, ${connections} × ${streams}`, value: echo.cpuMicroseconds },
    ]);
  return plot('Server CPU per request of the tiny model (connections × streams)', bars, 'µs');
}

function line(stream: NodeJS.ReadableStream, fits: (text: string) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const lines = createInterface(stream as NodeJS.ReadStream);
    lines.on('line', (text) => fits(text) && resolve(text));
    lines.once('close', () => reject(new Error('a server ended before it served')));
  });
}

await main();
