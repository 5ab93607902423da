import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { pythonWith } from '../support/python.ts';
import { restFlags } from '../support/rest.ts';
import { startServer, type TestServer, temporaryFolder } from '../support/server.ts';

const root = join(import.meta.dirname, '../..');
const image = join(root, 'examples/digits/images/3.png');
const run = promisify(execFile);

const cleanUps: (() => unknown)[] = [];
const file = { after: (cleanUp: () => unknown) => cleanUps.push(cleanUp) } as unknown as TestContext;
let server: TestServer;
let rest: Awaited<ReturnType<typeof restFlags>>;

before(async () => {
  const models = join(root, 'examples/digits/models/digits');
  rest = await restFlags();
  server = await startServer(file, ['--model_name', 'digits', '--model_path', models, ...rest.flags]);
});
after(async () => {
  for (const cleanUp of cleanUps) await cleanUp();
});

const samples: readonly [name: string, flags: readonly string[], printed: RegExp][] = [
  ['get-model-status', [], /^version 2: AVAILABLE OK OK\n$/],
  [
    'get-model-metadata',
    [],
    /^digits, version 2\n {2}input image: DT_FLOAT \[-1, 8, 8, 1\]\n {2}output digit: DT_INT64 \[-1\]\n/,
  ],
  ['predict', [], /^answered by version 2\ndigit \[1\]: \d\nprobabilities \[1, 10\]: /],
  ['predict-image', ['--image', image], /^3 \(\d+\.\d %, version 2\)\n$/],
];

for (const [name, flags, printed] of samples) {
  const script = join(root, `examples/clients/typescript/${name}.ts`);

  test(`the TypeScript sample ${name} prints what it should`, async () => {
    const { stdout } = await run(process.execPath, [script, '--grpc_port', String(server.port), ...flags]);
    assert.match(stdout, printed);
  });

  test(`the TypeScript sample ${name} tells a refusal in one line`, async () => {
    const unknown = ['--grpc_port', String(server.port), '--model_name', 'nobody', ...flags];
    await assert.rejects(
      run(process.execPath, [script, ...unknown]),
      (error: Error & { code: number; stderr: string }) => {
        assert.equal(error.code, 1);
        assert.match(error.stderr, /^The server refused: \w+ with requested name is not found \(gRPC code 5\)\n$/);
        return true;
      },
    );
  });
}

test('every sample image is read as what it shows', async () => {
  const script = join(root, 'examples/clients/typescript/predict-image.ts');
  for (let digit = 0; digit <= 9; digit++) {
    const flags = ['--grpc_port', String(server.port), '--image', join(root, `examples/digits/images/${digit}.png`)];
    const { stdout } = await run(process.execPath, [script, ...flags]);
    assert.match(stdout, new RegExp(`^${digit} `), `${digit}.png`);
  }
});

test('the sample of the pipeline reads a page', async (t) => {
  const { port } = await startServer(t, ['--config_path', join(root, 'examples/digits/config.json')]);
  const page = join(temporaryFolder(t), 'page.jpg');
  const drawn = await run(process.execPath, [
    join(root, 'examples/digits/draw-page.ts'),
    ...['--digits', '3', '--seed', '1', '--file', page],
  ]);
  const digits = /holds (\d{3})\n$/.exec(drawn.stdout)?.[1];
  assert.ok(digits, drawn.stdout);
  const script = join(root, 'examples/clients/typescript/read-page.ts');
  const { stdout } = await run(process.execPath, [script, '--grpc_port', String(port), '--image', page]);
  assert.match(stdout, new RegExp(`^3 digits: ${digits}\n( {2}\\d at \\d+,\\d+, \\d+ x \\d+\n){3}$`));
});

test('the TypeScript samples tell mistakes in a line or two', async () => {
  const script = join(root, 'examples/clients/typescript/predict-image.ts');
  const mistakes: [flags: string[], said: RegExp][] = [
    [['--grpc_port', '1', '--image', image], /^The server cannot answer: .*\(gRPC code 14\)\n$/],
    [[], /^--image FILE must be given\n$/],
    [['--image', 'nothing-here.png'], /^Input file is missing: .*\n$/],
    [['--imag', 'x'], /^Unknown option '--imag'.*\nFlags: .*--image\n$/],
  ];
  for (const [flags, said] of mistakes) {
    await assert.rejects(run(process.execPath, [script, ...flags]), ({ stderr }: Error & { stderr: string }) => {
      assert.match(stderr, said);
      return true;
    });
  }
});

test('the Python samples, over the stubs of tensorflow-serving-api, print the same', async (t) => {
  const environment = pythonWith('examples/clients/python/requirements.txt');
  if ('missing' in environment) return t.skip(environment.missing);
  for (const [name, flags, printed] of samples) {
    const script = join(root, `examples/clients/python/${name.replaceAll('-', '_')}.py`);
    const { stdout } = await run(environment.python, [script, '--grpc_port', String(server.port), ...flags]);
    assert.match(stdout, printed, name);
    const unknown = ['--grpc_port', String(server.port), '--model_name', 'nobody', ...flags];
    await assert.rejects(run(environment.python, [script, ...unknown]), (error: Error & { stderr: string }) => {
      assert.match(error.stderr, /^The server refused: \w+ with requested name is not found \(gRPC code 5\)$/m);
      return true;
    });
  }
});

for (const [protocol, port] of [
  ['grpc', () => server.port],
  ['http', () => rest.port],
] as const) {
  test(`ovmsclient gets right answers over ${protocol}`, async (t) => {
    const environment = pythonWith('test/clients/requirements.txt');
    if ('missing' in environment) return t.skip(environment.missing);
    const script = join(root, 'test/clients/ovmsclient_check.py');
    const { stdout } = await run(environment.python, [script, protocol, `localhost:${port()}`, image]);
    assert.equal(stdout, 'all answers are right\n');
  });
}
