import assert from 'node:assert/strict';
import { test } from 'node:test';
import { help, readSettings, type Settings } from './settings.ts';

const image = 'registry.example.com/modelserver:1';
const read = (argv: readonly string[], environment: Readonly<Record<string, string>> = {}) =>
  readSettings(argv, environment, 'unique');

test('with nothing but an image, the rest has its defaults', () => {
  assert.deepEqual(read(['--server-image', image]), {
    kind: 'run',
    settings: {
      namespaces: [],
      serverImage: image,
      namespace: 'modelserver-system',
      identity: 'unique',
      leaderElection: true,
      leaseName: 'modelserver-operator',
      workers: 8,
      metrics: { host: '0.0.0.0', port: 8080 },
      probes: { host: '0.0.0.0', port: 8081 },
      allowHostPath: false,
      patchPods: true,
      clusterDomain: 'cluster.local',
      logLevel: 'info',
      kubeconfig: undefined,
      context: undefined,
      requestsPerSecond: 100,
    },
  });
});

interface Row {
  readonly argv?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly expected: Partial<Settings>;
}

const rows: readonly Row[] = [
  { argv: ['--watch-namespaces', 'a, b,,'], expected: { namespaces: ['a', 'b'] } },
  { environment: { WATCH_NAMESPACES: 'a' }, expected: { namespaces: ['a'] } },
  { argv: ['--watch-namespaces='], environment: { WATCH_NAMESPACES: 'a' }, expected: { namespaces: [] } },
  { environment: { RELATED_IMAGE_SERVER: 'other' }, expected: { serverImage: image } },
  { environment: { POD_NAMESPACE: 'ns', POD_NAME: 'pod-1' }, expected: { namespace: 'ns', identity: 'pod-1' } },
  {
    environment: { POD_NAMESPACE: '', POD_NAME: '' },
    expected: { namespace: 'modelserver-system', identity: 'unique' },
  },
  { argv: ['--identity', 'me'], environment: { POD_NAME: 'pod-1' }, expected: { identity: 'me' } },
  { argv: ['--leader-elect=false', '--lease-name', 'l'], expected: { leaderElection: false, leaseName: 'l' } },
  { argv: ['--workers', '256'], expected: { workers: 256 } },
  { argv: ['--metrics-address', '127.0.0.1:0'], expected: { metrics: { host: '127.0.0.1', port: 0 } } },
  { argv: ['--probe-address', '[::1]:65535'], expected: { probes: { host: '::1', port: 65_535 } } },
  { argv: ['--probe-address', ':9'], expected: { probes: { host: '0.0.0.0', port: 9 } } },
  {
    argv: ['--allow-host-path', 'true', '--enable-pod-patch', 'false'],
    expected: { allowHostPath: true, patchPods: false },
  },
  { argv: ['--log-level', 'debug'], expected: { logLevel: 'debug' } },
  { argv: ['--kubeconfig', 'f', '--context', 'c'], expected: { kubeconfig: 'f', context: 'c' } },
  { environment: { KUBECONFIG: 'f' }, expected: { kubeconfig: 'f' } },
];

for (const { argv = [], environment = {}, expected } of rows) {
  test(`settings: ${[...argv, ...Object.entries(environment).map((entry) => entry.join('='))].join(' ')}`, () => {
    for (const words of [argv, ['run', ...argv]]) {
      const line = read([...words, '--server-image', image], environment);
      assert.equal(line.kind, 'run');
      const { settings } = line;
      assert.deepEqual({ ...settings, ...expected }, settings);
    }
  });
}

const wrong: [argv: readonly string[], problem: RegExp][] = [
  [['--workers', '0'], /^--workers: expected a number from 1 to 256, got "0"$/],
  [['--workers', '1e3'], /^--workers: /],
  [['--requests-per-second', '10001'], /^--requests-per-second: expected a number from 1 to 10000/],
  [['--metrics-address', '8080'], /^--metrics-address: expected HOST:PORT/],
  [['--metrics-address', '0.0.0.0:65536'], /^--metrics-address: /],
  [['--leader-elect', 'yes'], /^--leader-elect: expected true or false, got "yes"$/],
  [['--log-level', 'loud'], /^--log-level: expected trace, debug/],
  [['--namespace', ''], /^--namespace: /],
  [['--lease-name='], /^--lease-name: /],
  [['--cluster-domain='], /^--cluster-domain: /],
];

for (const [argv, problem] of wrong) {
  test(`wrong: ${argv.join(' ')}`, () => {
    const line = read([...argv, '--server-image', image]);
    assert.equal(line.kind, 'wrong');
    assert.equal(line.problems.length, 1, `${line.problems}`);
    assert.match(line.problems[0]!, problem);
  });
}

test('everything that is wrong is told at once', () => {
  const line = read(['--workers', 'many', '--leader-elect', '1']);
  assert.equal(line.kind, 'wrong');
  assert.deepEqual(
    line.problems.map((problem) => problem.split(':')[0]),
    ['--server-image', '--leader-elect', '--workers'],
  );
});

for (const argv of [['--nonsense'], ['--workers'], ['something']]) {
  test(`not a command line: ${argv.join(' ')}`, () => assert.equal(read(argv).kind, 'wrong'));
}

test('other things than to run', () => {
  assert.deepEqual(read(['--help']), { kind: 'help' });
  assert.deepEqual(read(['run', '-h']), { kind: 'help' });
  assert.deepEqual(read(['--version']), { kind: 'version' });
  assert.deepEqual(read(['convert', '--help', 'file']), { kind: 'convert', argv: ['--help', 'file'] });
});

test('the help names every flag with its variable', () => {
  const text = help();
  for (const flag of ['--watch-namespaces', '--server-image', '--leader-elect', '--requests-per-second', '--context']) {
    assert.ok(text.includes(`  ${flag} `), flag);
  }
  assert.match(text, /--namespace NAME .*\(default modelserver-system; or POD_NAMESPACE\)/);
  for (const line of text.split('\n')) assert.ok(line.length <= 160, line);
});
