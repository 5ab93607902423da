import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AuditEvent, auditPolicy, readAuditLog } from './audit-log.ts';
import { Certificates } from './certificates.ts';
import {
  apiServerFlags,
  type CommandOptions,
  controllerManagerFlags,
  etcdFlags,
  networks,
  type Ports,
  schedulerFlags,
} from './control-plane-commands.ts';
import { Daemon } from './daemon.ts';
import { freePorts } from './free-ports.ts';
import { Guard } from './guard.ts';
import { isReady, waitFor } from './is-ready.ts';
import { type Kubectl, kubectlFor } from './kubectl.ts';
import { kubernetesBinaries } from './kubernetes-binaries.ts';
import type { Sandbox } from './sandbox.ts';
import { takeDown } from './take-down.ts';

export interface ControlPlaneOptions {
  /** Names its directory; short, for what is read in logs. */
  readonly name: string;
  /** Beside etcd and the API server. Without the controller-manager nothing is garbage-collected and no Deployment acts. */
  readonly components?: readonly ('controller-manager' | 'scheduler')[];
  readonly featureGates?: Readonly<Record<string, boolean>>;
  /** Keeps a record of every write; see `writes`. */
  readonly audit?: boolean;
  /** Runs it in the sandbox's network, from where it is reached through a port of loopback all the same. */
  readonly sandbox?: Sandbox;
}

/** etcd and an API server of their own on loopback, and what else was asked for. Several live side by side. */
export interface ControlPlane {
  /** `https://127.0.0.1:port` */
  readonly server: string;
  /** Path of a kubeconfig that may do everything. */
  readonly kubeconfig: string;
  /** Where everything of it lies; goes with it. */
  readonly directory: string;
  /** Where those in its network reach the API server: in a sandbox another than `server`. */
  readonly innerServer: string;
  readonly certificates: Certificates;
  readonly kubectl: Kubectl;
  /** A kubeconfig for another user; it may do nothing until RBAC lets it. @returns its path */
  kubeconfigFor(user: string, groups?: readonly string[]): Promise<string>;
  readonly apiServer: {
    /** Kills it: connections break. The address stays the same for `start`, which resolves when it is ready. */
    stop(): Promise<void>;
    start(): Promise<void>;
    /** Nothing answers, but connections stay open. */
    pause(): void;
    resume(): void;
  };
  /** All writes so far, oldest first; needs `audit`. */
  writes(): AuditEvent[];
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Takes about five seconds, with the components nine. Everything ends with `stop`, or else with the test process.
 * @throws Error with the failed component's last words
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(options);
    } catch (error) {
      // Ports were free when they were chosen.
      if (attempt === 3 || !/address already in use/.test((error as Error).message)) throw error;
    }
  }
}

async function startOnce(options: ControlPlaneOptions): Promise<ControlPlane> {
  const binaries = kubernetesBinaries();
  const directory = mkdtempSync(join(tmpdir(), `modelserver-${options.name}-`));
  const guard = new Guard(directory);
  const stop = async () => {
    await takeDown(directory);
    guard.dismiss();
  };
  try {
    return await start(binaries, directory, options, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  binaries: string,
  directory: string,
  options: ControlPlaneOptions,
  stop: () => Promise<void>,
): Promise<ControlPlane> {
  const { components = [], audit = false, sandbox } = options;
  const ports = sandbox ? standardPorts : await chooseFreePorts();
  const address = sandbox?.address ?? '127.0.0.1';
  const innerServer = `https://${address}:${ports.apiServer}`;
  const server = sandbox ? `https://127.0.0.1:${await sandbox.forward(address, ports.apiServer)}` : innerServer;
  const policy = join(directory, 'audit-policy.json');
  if (audit) writeFileSync(policy, JSON.stringify(auditPolicy));
  const commands: CommandOptions = {
    ...{ directory, ports, address, featureGates: options.featureGates },
    auditPolicy: audit ? policy : undefined,
  };
  const run = (name: string, flags: readonly string[]) =>
    new Daemon(directory, name, [join(binaries, name), ...flags], { through: sandbox?.network ?? [] });

  const etcd = run('etcd', etcdFlags(commands));
  const certificates = await issueCertificates(directory, address, components);
  const kubeconfig = certificates.kubeconfig('admin', server);
  for (const name of components) certificates.kubeconfig(name, innerServer);
  const kubectl = kubectlFor(join(binaries, 'kubectl'), kubeconfig, join(directory, 'kubectl-cache'));

  const runApiServer = async (beside: readonly Daemon[]) => {
    const daemon = run('kube-apiserver', apiServerFlags(commands));
    await waitFor(() => isReady(server, certificates), [daemon, ...beside]);
    return daemon;
  };
  let apiServer = await runApiServer([etcd]);
  if (components.includes('scheduler')) run('kube-scheduler', schedulerFlags(commands));
  if (components.includes('controller-manager')) {
    const daemon = run('kube-controller-manager', controllerManagerFlags(commands));
    // Pods need this ServiceAccount, and when it is there the controllers work.
    const find = ['get', 'serviceaccount', '--namespace=default', '--output=name'];
    await waitFor(async () => (await kubectl(find)).includes('serviceaccount/default'), [daemon]);
  }

  return {
    ...{ server, innerServer, kubeconfig, directory, certificates, kubectl, stop, [Symbol.asyncDispose]: stop },
    async kubeconfigFor(user, groups = []) {
      const name = `user-${user.replaceAll(/[^A-Za-z0-9-]/g, '-')}`;
      await certificates.issue(name, { user, groups });
      return certificates.kubeconfig(name, server);
    },
    apiServer: {
      stop: () => apiServer.kill(),
      async start() {
        apiServer = await runApiServer([]);
      },
      pause: () => apiServer.signal('SIGSTOP'),
      resume: () => apiServer.signal('SIGCONT'),
    },
    writes() {
      if (!audit) throw new Error('Start the control plane with audit: true to see its writes.');
      return readAuditLog(join(directory, 'audit.log'));
    },
  };
}

/** In a sandbox all ports are free. */
const standardPorts: Ports = {
  ...{ etcd: 2379, etcdPeer: 2380, apiServer: 6443 },
  ...{ controllerManager: 10257, scheduler: 10259 },
};

async function chooseFreePorts(): Promise<Ports> {
  const names = Object.keys(standardPorts);
  const ports = await freePorts(names.length);
  return Object.fromEntries(names.map((name, index) => [name, ports[index]])) as unknown as Ports;
}

async function issueCertificates(
  directory: string,
  address: string,
  components: readonly string[],
): Promise<Certificates> {
  const certificates = await Certificates.create(join(directory, 'pki'));
  const serves = ['DNS:localhost', 'IP:127.0.0.1', `IP:${address}`, `IP:${networks.apiService}`];
  for (const ending of ['', '.default', '.default.svc']) serves.push(`DNS:kubernetes${ending}`);
  await Promise.all([
    certificates.issue('apiserver', { user: 'kube-apiserver', serves }),
    certificates.issue('kubelet-client', { user: 'kube-apiserver', groups: ['system:masters'] }),
    certificates.issue('front-proxy-client', { user: 'front-proxy-client' }, 'front-proxy-ca'),
    certificates.issue('admin', { user: 'admin', groups: ['system:masters'] }),
    ...components.map((name) => certificates.issue(name, { user: `system:kube-${name}` })),
  ]);
  return certificates;
}
