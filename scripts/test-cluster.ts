// Runs the scenarios on a real Kubernetes: node scripts/test-cluster.ts [FILE …]. It gets ready what they need (packages of the
// distribution, Kubernetes itself, our images) and leaves nothing behind, also when it fails.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildBinaries } from '../test/cluster/kubernetes/build.ts';
import { kubernetesBinaries } from '../test/cluster/kubernetes-binaries.ts';
import { takeDown } from '../test/cluster/take-down.ts';
import { root } from './images/image.ts';
import { run } from './images/run.ts';

/** A file that tells whether a Debian package is there, by package. */
const needed: readonly (readonly [packageName: string, file: string])[] = [
  ['containerd', 'containerd'],
  ['runc', 'runc'],
  ['containernetworking-plugins', '/usr/lib/cni/bridge'],
  ['nftables', 'nft'],
  ['iptables', 'iptables'],
  ['iproute2', 'ip'],
  ['openssl', 'openssl'],
  ...(process.env.IMAGE_TOOL
    ? []
    : ([
        ['buildah', 'buildah'],
        ['debootstrap', 'debootstrap'],
      ] as const)),
];

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}

async function main(files: readonly string[]): Promise<number> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    throw new Error('The scenarios run a node of Kubernetes, which takes Linux and root.');
  }
  installPackages();
  const assets = process.env.KUBE_ASSETS ? kubernetesBinaries() : buildBinaries();
  buildImages();
  return runScenarios(files.length > 0 ? files : ['test/cluster/**/*.scenario.ts'], assets);
}

function installPackages(): void {
  const missing = needed.filter(([, file]) => !isThere(file)).map(([name]) => name);
  if (missing.length === 0) return;
  const sentence = `Packages are missing: ${missing.join(', ')}`;
  if (!isThere('apt-get')) throw new Error(`${sentence}. Install what they are called here.`);
  console.error(`${sentence}; installing them …`);
  const environment = { DEBIAN_FRONTEND: 'noninteractive' };
  run('apt-get', ['update', '--quiet'], { environment });
  run('apt-get', ['install', '--yes', '--quiet', '--no-install-recommends', ...missing], { environment });
}

function isThere(file: string): boolean {
  const folders = file.startsWith('/') ? [''] : (process.env.PATH ?? '').split(':');
  return folders.some((folder) => existsSync(join(folder, file)));
}

function buildImages(): void {
  const { status } = spawnSync(process.execPath, [join(root, 'scripts/build-images.ts')], { stdio: 'inherit' });
  if (status !== 0) throw new Error('The images cannot be built.');
}

/** @returns the exit code */
async function runScenarios(files: readonly string[], assets: string): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'modelserver-cluster-'));
  const reporters = ['spec', join(root, 'scripts/test-summary.ts')];
  const flags = reporters.flatMap((reporter) => [`--test-reporter=${reporter}`, '--test-reporter-destination=stdout']);
  const tests = spawn(
    process.execPath,
    ['--test', '--test-concurrency=1', '--test-timeout=900000', ...flags, ...files],
    {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, TMPDIR: folder, KUBE_ASSETS: assets },
    },
  );
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => tests.kill(signal));
  const [status] = await once(tests, 'exit');
  // A test file that was killed left this to its guard, which need not have come to its end.
  const clusters = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'run')));
  for (const name of clusters) await takeDown(join(folder, name));
  rmSync(folder, { recursive: true, force: true });
  return status ?? 1;
}
