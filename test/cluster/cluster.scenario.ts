import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { startCluster } from './cluster.ts';

test('a cluster runs pods, and leaves nothing behind', { timeout: 300_000 }, async (t) => {
  const before = traces();
  const start = performance.now();
  const cluster = await startCluster({ name: 'scenario' });
  t.diagnostic(`the cluster was there after ${((performance.now() - start) / 1000).toFixed(1)} s`);
  try {
    assert.match(await cluster.kubectl(['get', 'nodes']), /node +Ready/);
    assert.match(await cluster.exec(['getent', 'hosts', 'kubernetes.default.svc.cluster.local']), /^10\.96\.0\.1 /);
    const dns = await cluster.forward('kube-dns.kube-system', 53);
    assert.ok(dns > 0);
    assert.match(await cluster.kubectl(['logs', 'deployment/coredns', '--namespace=kube-system']), /CoreDNS-/);
    assert.ok(tracesOf(cluster.sandbox.directory).length > 0, 'nothing to look for was found while the cluster runs');
  } finally {
    await cluster.stop();
  }
  assert.deepEqual(tracesOf(cluster.sandbox.directory), []);
  assert.deepEqual(traces(), before);
});

test('a cluster ends with its test process, however that ends', { timeout: 300_000 }, async () => {
  const before = traces();
  const source = `
    const { startCluster } = await import(${JSON.stringify(join(import.meta.dirname, 'cluster.ts'))});
    const { directory, sandbox } = await startCluster({ name: 'orphan' });
    console.log(JSON.stringify([directory, sandbox.directory]));
    setInterval(() => {}, 1_000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface(child.stdout), 'line');
  const directories: string[] = JSON.parse(line);
  child.kill('SIGKILL');
  for (let tries = 0; tries < 200 && directories.some((path) => existsSync(path)); tries++) await setTimeout(100);
  assert.deepEqual(directories.flatMap(tracesOf), []);
  assert.deepEqual(traces(), before);
});

/** What a node is known to leave on a machine. Others may work on it meanwhile, so each place is named. */
function traces(): Readonly<Record<string, unknown>> {
  const folders = [
    ...['/run/netns', '/var/log/containers', '/var/log/pods', '/var/lib/cni', '/var/lib/kubelet', '/opt/containerd'],
    ...['/run/containerd', '/etc/cni/net.d', '/usr/libexec/kubernetes'],
  ];
  const settings = ['vm/overcommit_memory', 'kernel/panic', 'kernel/panic_on_oops', 'kernel/keys/root_maxkeys'];
  return {
    folders: Object.fromEntries(folders.map((folder) => [folder, existsSync(folder) ? readdirSync(folder) : 'none'])),
    settings: settings.map((name) => `${name} ${readFileSync(`/proc/sys/${name}`, 'utf8').trim()}`),
    interfaces: readdirSync('/sys/class/net'),
    rules: execFileSync('nft', ['list', 'ruleset'], { encoding: 'utf8' }),
    routes: execFileSync('ip', ['route'], { encoding: 'utf8' }),
  };
}

/** Files, cgroups, mounts and processes of this one cluster. */
function tracesOf(directory: string): string[] {
  const name = directory.split('/').at(-1)!;
  const cgroups = execFileSync('find', ['/sys/fs/cgroup', '-type', 'd', '-path', `*/${name}*`], { encoding: 'utf8' });
  const mounts = readFileSync('/proc/mounts', 'utf8');
  const processes = execFileSync('ps', ['-e', '-o', 'stat=,args='], { encoding: 'utf8' });
  const lines = `${cgroups}${mounts}${processes}`.split('\n').filter((line) => line.includes(name));
  return [...(existsSync(directory) ? [directory] : []), ...lines];
}
