// Serves the digits model, reads a digit from an image, adds a better version while requests run, and reads a page by a pipeline.
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client, elements, floats, imageFiles, type PredictResponse } from './clients/typescript/client.ts';
import { readDigit } from './clients/typescript/digit-image.ts';
import { drawPage } from './digits/draw-page.ts';

const root = join(import.meta.dirname, '..');
const digits = join(import.meta.dirname, 'digits');
const count = 360;

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'modelserver-demo-'));
  try {
    cpSync(join(digits, 'models/digits/1'), join(folder, '1'), { recursive: true });
    await serving('the digits model, version 1', ['--model_name', 'digits', '--model_path', folder], (client) =>
      showVersions(client, folder),
    );
    const config = join(digits, 'config.json');
    console.log();
    await serving('the pipeline in examples/digits/config.json', ['--config_path', config], showPage);
  } finally {
    rmSync(folder, { recursive: true });
  }
  console.log(`
How to go on:
  bin/modelserver --config_path examples/digits/config.json --port 9000
  node_modules/.bin/node examples/clients/typescript/predict-image.ts --image examples/digits/images/3.png
  bin/modelserver --help`);
}

/** Runs a server, for as long as something is shown of it. */
async function serving(what: string, flags: readonly string[], show: (client: Client) => Promise<void>): Promise<void> {
  const port = await freePort();
  console.log(`Serving ${what}, on port ${port} …`);
  const server = spawn(
    join(root, 'bin/modelserver'),
    [...flags, '--port', String(port), '--settle_milliseconds', '200'],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const client = new Client(`127.0.0.1:${port}`);
  try {
    await started(server);
    await show(client);
  } finally {
    client.close();
    server.kill('SIGTERM');
  }
}

async function showVersions(client: Client, folder: string): Promise<void> {
  const digit = elements((await predict(client, await readDigit(join(digits, 'images/7.png')), 1)).outputs.digit!)[0];
  console.log(`\nA 7 in examples/digits/images/7.png is read as: ${digit}`);
  if (digit !== 7) throw new Error('the answer is wrong');
  const { images, labels } = heldOut();
  console.log(`Version 1 reads ${await accuracy(client, images, labels)} of the held-out digits.`);

  console.log('\nCopying version 2 into the folder while requests run …');
  // As a careful user would: beside it first, then renamed in one step.
  cpSync(join(digits, 'models/digits/2'), join(folder, '.2'), { recursive: true });
  renameSync(join(folder, '.2'), join(folder, '2'));
  const begin = performance.now();
  const answered = new Map<string, number>();
  while (!answered.has('2')) {
    const { model_spec } = await predict(client, images.subarray(0, 64), 1);
    const { value } = model_spec.version;
    answered.set(value, (answered.get(value) ?? 0) + 1);
    if (performance.now() - begin > 30_000) throw new Error('version 2 was not served within 30 s');
  }
  const switched = Math.round(performance.now() - begin);
  console.log(
    `Version 2 took over after ${switched} ms; version 1 answered ${answered.get('1') ?? 0} requests meanwhile, none failed.`,
  );
  console.log(`Version 2 reads ${await accuracy(client, images, labels)} of the held-out digits.`);
}

async function showPage(client: Client): Promise<void> {
  const page = await drawPage(17, 1);
  const { outputs } = await client.call<PredictResponse>('PredictionService', 'Predict', {
    model_spec: { name: 'page' },
    inputs: { page: imageFiles(page.jpeg) },
  });
  const text = String(outputs.text!.string_val![0]);
  console.log(`\nA page with the digits ${page.digits} is read, by one request, as: ${text}`);
  if (text !== page.digits) throw new Error('the answer is wrong');
}

function predict(client: Client, images: Float32Array, batch: number): Promise<PredictResponse> {
  const inputs = { image: floats(images, batch, 8, 8, 1) };
  return client.call<PredictResponse>('PredictionService', 'Predict', { model_spec: { name: 'digits' }, inputs });
}

async function accuracy(client: Client, images: Float32Array, labels: Uint8Array): Promise<string> {
  const found = elements((await predict(client, images, count)).outputs.digit!);
  const right = found.filter((digit, i) => digit === labels[i]).length;
  return `${((100 * right) / count).toFixed(1)} %`;
}

function heldOut(): { images: Float32Array; labels: Uint8Array } {
  const bytes = readFileSync(join(digits, 'held-out.bin'));
  return { images: Float32Array.from(bytes.subarray(0, count * 64)), labels: bytes.subarray(count * 64) };
}

/** Resolves once the server says that it serves; with its own words if it ends before. */
function started(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const said: string[] = [];
    createInterface(server.stderr!).on('line', (line) => {
      said.push(line);
      if (line.includes('Started model manager thread')) resolve();
    });
    server.once('exit', () => reject(new Error(`the server did not start:\n${said.join('\n')}`)));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}

await main();
