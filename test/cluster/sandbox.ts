import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createConnection, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCgroup } from './cgroup.ts';
import { networks } from './control-plane-commands.ts';
import { Daemon } from './daemon.ts';
import { Guard } from './guard.ts';
import { waitFor } from './is-ready.ts';
import { join as joinSockets } from './relay.ts';
import { takeDown } from './take-down.ts';

/** What the kubelet wants these to be. It finds them so, in files of the sandbox's own, and leaves those of the machine alone. */
const sysctls: Readonly<Record<string, number>> = {
  'vm/overcommit_memory': 1,
  'vm/panic_on_oom': 0,
  'kernel/panic': 10,
  'kernel/panic_on_oops': 1,
  'kernel/keys/root_maxkeys': 1_000_000,
  'kernel/keys/root_maxbytes': 25_000_000,
};

/**
 * Network, mount and process namespaces of their own for a node. When its first process is killed, the kernel ends all others
 * in it and then drops its mounts and interfaces: nothing of it can stay behind but its directory and its cgroup.
 */
export class Sandbox {
  readonly directory: string;
  /** The only address beside loopback: of the node, for those in the sandbox. There is no way out of its network. */
  readonly address = '10.66.0.2';
  /** Path of the network namespace. */
  readonly netns: string;
  /** Commands that what follows them runs behind: in the network alone; also with the sandbox's mounts; also as its process. */
  readonly network: readonly string[];
  readonly mounts: readonly string[];
  readonly inside: readonly string[];
  /** Below which the node's containers go, as a path inside every cgroup hierarchy. */
  readonly cgroup: string;
  readonly #guard: Guard;
  readonly #listeners: Server[] = [];

  private constructor(directory: string, guard: Guard, holder: number) {
    this.directory = directory;
    this.cgroup = cgroupOf(directory);
    this.#guard = guard;
    const namespace = (kind: string) => `/proc/${holder}/ns/${kind}`;
    this.netns = namespace('net');
    this.network = ['nsenter', `--net=${namespace('net')}`, '--'];
    this.mounts = ['nsenter', `--net=${namespace('net')}`, `--mount=${namespace('mnt')}`, '--'];
    this.inside = [...this.mounts.slice(0, -1), `--pid=${namespace('pid')}`, '--'];
  }

  /** @throws Error if this process may not make namespaces */
  static async create(name: string): Promise<Sandbox> {
    const directory = mkdtempSync(join(tmpdir(), `modelserver-${name}-node-`));
    const guard = new Guard(directory);
    try {
      makeCgroup(cgroupOf(directory));
      const sandbox = new Sandbox(directory, guard, await startHolder(directory));
      const socket = join(directory, 'relay.sock');
      const relay = [process.execPath, join(import.meta.dirname, 'relay.ts'), socket];
      const daemon = new Daemon(directory, 'relay', relay, { through: sandbox.mounts });
      await waitFor(async () => existsSync(socket), [daemon]);
      return sandbox;
    } catch (error) {
      await takeDown(directory);
      guard.dismiss();
      throw error;
    }
  }

  /** Runs a command in the sandbox. @returns what it prints. @throws Error with what it says on standard error */
  exec(command: readonly string[], options: { readonly input?: string } = {}): Promise<string> {
    const [program, ...parameters] = [...this.inside, ...command];
    return new Promise((resolve, reject) => {
      const child = execFile(program!, parameters, { maxBuffer: 64 << 20 }, (error, output, said) => {
        if (error) reject(new Error(`${command.join(' ')}: ${said.trim() || error.message}`));
        else resolve(output);
      });
      child.stdin!.on('error', () => {}).end(options.input ?? '');
    });
  }

  /**
   * A port of loopback outside for an address inside, such as a Service's. Each connection is made anew from inside, and names
   * are resolved there.
   */
  async forward(host: string, port: number): Promise<number> {
    const listener = createServer({ allowHalfOpen: true }, (client) => {
      const relay = createConnection({ path: join(this.directory, 'relay.sock'), allowHalfOpen: true });
      relay.write(`${host} ${port}\n`);
      joinSockets(client, relay);
    });
    await new Promise<void>((resolve, reject) => listener.once('error', reject).listen(0, '127.0.0.1', resolve));
    listener.unref();
    this.#listeners.push(listener);
    return (listener.address() as { port: number }).port;
  }

  async stop(): Promise<void> {
    for (const listener of this.#listeners) listener.close();
    await takeDown(this.directory);
    this.#guard.dismiss();
  }
}

function cgroupOf(directory: string): string {
  return `/${directory.split('/').at(-1)}`;
}

/** @returns the pid, as seen from here, of the process that holds the namespaces */
async function startHolder(directory: string): Promise<number> {
  const fakes: string[] = [];
  for (const [name, value] of Object.entries(sysctls)) {
    const file = join(directory, 'sysctl', name);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, `${value}\n`);
    fakes.push(`mount --bind '${file}' /proc/sys/${name}`);
  }
  writeFileSync(
    join(directory, 'resolv.conf'),
    `nameserver ${networks.dnsService}\nsearch default.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5 timeout:1 attempts:3\n`,
  );
  const script = `set -e
mount --make-rshared /
# Sockets of the machine's own containerd, links to logs, names of network namespaces: each side keeps its own.
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=755 tmpfs /var/log
# Some paths below it cannot be configured.
mkdir -p '${directory}/var-lib' '${directory}/overlay'
mount -t overlay -o 'lowerdir=/var/lib,upperdir=${directory}/var-lib,workdir=${directory}/overlay' overlay /var/lib
${fakes.join('\n')}
resolv=$(readlink -m /etc/resolv.conf)
mkdir -p "$(dirname "$resolv")"
[ -e "$resolv" ] || : > "$resolv"
mount --bind '${directory}/resolv.conf' "$resolv"
ip link set lo up
ip link add node0 type veth peer name node1
ip addr add 10.66.0.2/24 dev node0
ip link set node0 up
ip link set node1 up
# Packets to a Service are turned to a pod on their way out, for which there must be a way.
ip route add ${networks.services} dev node0
echo 1 > /proc/sys/net/ipv4/ip_forward
: > '${directory}/made'
while :; do sleep 3600; done`;
  const namespaces = ['--net', '--mount', '--propagation=private', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const daemon = new Daemon(directory, 'sandbox', ['unshare', ...namespaces, 'sh', '-c', script]);
  await waitFor(async () => existsSync(join(directory, 'made')), [daemon]);
  const [holder] = readFileSync(`/proc/${daemon.pid}/task/${daemon.pid}/children`, 'utf8').split(' ');
  return Number(holder);
}
