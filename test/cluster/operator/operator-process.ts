import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ControlPlane } from '../control-plane.ts';
import { Daemon } from '../daemon.ts';
import { operatorName, operatorNamespace } from './surroundings.ts';

const program = join(import.meta.dirname, '../../../bin/modelserver-operator');

/** With a /run of its own, the process finds its ServiceAccount where pods have theirs. */
const asInPod = `
  mount -t tmpfs tmpfs /var/run && mkdir -p /var/run/secrets/kubernetes.io &&
  ln -s "$0" /var/run/secrets/kubernetes.io/serviceaccount && exec "$@"`;

export interface OperatorOptions {
  /** Of the process, of its log, and in the Lease. */
  readonly name: string;
  /** In the operator's namespace. */
  readonly serviceAccount?: string;
  /** `https://127.0.0.1:port`; the API server itself if absent. */
  readonly server?: string;
  readonly flags?: readonly string[];
}

let ports = 20_000;

/** The operator as it runs in a pod: with a token, what the chart allows it, and no kubeconfig. */
export class OperatorProcess {
  readonly #daemon: Daemon;
  readonly #metricsPort: number;
  readonly #probesPort: number;

  private constructor(daemon: Daemon, metricsPort: number, probesPort: number) {
    this.#daemon = daemon;
    this.#metricsPort = metricsPort;
    this.#probesPort = probesPort;
  }

  static async start(plane: ControlPlane, options: OperatorOptions): Promise<OperatorProcess> {
    const { name, serviceAccount = operatorName, server = plane.server, flags = [] } = options;
    const folder = await credentials(plane, serviceAccount);
    const { hostname, port } = new URL(server);
    const [metricsPort, probesPort] = [ports++, ports++];
    const command = [
      program,
      '--server-image=localhost/modelserver:test',
      `--namespace=${operatorNamespace}`,
      `--lease-name=${operatorName}`,
      `--identity=${name}`,
      `--metrics-address=127.0.0.1:${metricsPort}`,
      `--probe-address=127.0.0.1:${probesPort}`,
      ...flags,
    ];
    const daemon = new Daemon(plane.directory, `operator-${name}`, command, {
      through: ['unshare', '--mount', 'sh', '-c', asInPod, folder],
      environment: { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port, KUBECONFIG: '' },
    });
    return new OperatorProcess(daemon, metricsPort, probesPort);
  }

  /** Resolves to its exit code or the signal that ended it. */
  exited(): Promise<number | NodeJS.Signals> {
    return this.#daemon.exited();
  }

  get running(): boolean {
    return this.#daemon.running;
  }

  signal(name: NodeJS.Signals): void {
    this.#daemon.signal(name);
  }

  kill(): Promise<void> {
    return this.#daemon.kill();
  }

  /** What it has said. */
  log(): string {
    return readFileSync(this.#daemon.log, 'utf8');
  }

  /** Bytes of memory: now, and at most so far. */
  memory(): { readonly resident: number; readonly peak: number } {
    const status = readFileSync(`/proc/${this.#daemon.pid}/status`, 'utf8');
    const bytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)![1]) * 1024;
    return { resident: bytes('VmRSS'), peak: bytes('VmHWM') };
  }

  /** Seconds of processor time so far. */
  cpuSeconds(): number {
    const stat = readFileSync(`/proc/${this.#daemon.pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // utime and stime, in ticks of which Linux has 100 a second.
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  async metrics(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.#metricsPort}/metrics`)).text();
  }

  /** Whether a kubelet would take it for alive and ready. */
  async probe(name: 'healthz' | 'readyz'): Promise<boolean> {
    try {
      return (await fetch(`http://127.0.0.1:${this.#probesPort}/${name}`)).ok;
    } catch {
      return false;
    }
  }
}

/** A folder like that which Kubernetes mounts. */
async function credentials(plane: ControlPlane, serviceAccount: string): Promise<string> {
  const folder = join(plane.directory, 'service-accounts', serviceAccount);
  if (existsSync(join(folder, 'ca.crt'))) return folder;
  const create = ['create', 'token', serviceAccount, `--namespace=${operatorNamespace}`, '--duration=1h'];
  const token = await plane.kubectl(create);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'token'), token);
  writeFileSync(join(folder, 'ca.crt'), readFileSync(plane.certificates.path('ca.crt')));
  return folder;
}
