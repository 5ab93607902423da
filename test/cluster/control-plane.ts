import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AuditEvent, auditPolicy, readAuditLog } from './audit-log.ts';
import { Certificates } from './certificates.ts';
import { Daemon } from './daemon.ts';
import { freePorts } from './free-ports.ts';
import { Guard } from './guard.ts';
import { kubernetesBinaries } from './kubernetes-binaries.ts';
import { takeDown } from './take-down.ts';

export interface ControlPlaneOptions {
  /** Names its directory; short, for what is read in logs. */
  readonly name: string;
  /** Beside etcd and the API server. Without the controller-manager nothing is garbage-collected and no Deployment acts. */
  readonly components?: readonly ('controller-manager' | 'scheduler')[];
  readonly featureGates?: Readonly<Record<string, boolean>>;
  /** Keeps a record of every write; see `writes`. */
  readonly audit?: boolean;
}

/** etcd and an API server of their own on loopback, and what else was asked for. Several live side by side. */
export interface ControlPlane {
  /** `https://127.0.0.1:port` */
  readonly server: string;
  /** Path of a kubeconfig that may do everything. */
  readonly kubeconfig: string;
  /** Where everything of it lies; goes with it. */
  readonly directory: string;
  /** Runs kubectl as the administrator. @returns what it prints. @throws Error with what it says on standard error */
  kubectl(parameters: readonly string[], options?: { readonly input?: string }): Promise<string>;
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

/** Takes about five seconds. Everything ends with `stop`, or else with the test process. @throws Error with the failed component's last words */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
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
  const { components = [], audit = false } = options;
  const [etcdPort, etcdPeerPort, apiPort, controllerManagerPort, schedulerPort] = (await freePorts(5)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const gates = Object.entries(options.featureGates ?? {}).map(([gate, on]) => `${gate}=${on}`);
  const featureGates = gates.length > 0 ? [`--feature-gates=${gates.join(',')}`] : [];
  const server = `https://127.0.0.1:${apiPort}`;
  const run = (name: string, ...parameters: string[]) =>
    new Daemon(directory, name, [join(binaries, name), ...parameters]);

  const etcd = run(
    'etcd',
    `--data-dir=${join(directory, 'etcd')}`,
    `--listen-client-urls=http://127.0.0.1:${etcdPort}`,
    `--advertise-client-urls=http://127.0.0.1:${etcdPort}`,
    `--listen-peer-urls=http://127.0.0.1:${etcdPeerPort}`,
    `--initial-advertise-peer-urls=http://127.0.0.1:${etcdPeerPort}`,
    `--initial-cluster=default=http://127.0.0.1:${etcdPeerPort}`,
    '--unsafe-no-fsync',
    '--log-level=warn',
  );
  const certificates = await issueCertificates(directory, components);
  const path = (file: string) => certificates.path(file);
  const kubeconfig = certificates.kubeconfig('admin', server);
  const auditLog = join(directory, 'audit.log');
  if (audit) writeFileSync(path('audit-policy.json'), JSON.stringify(auditPolicy));

  const runApiServer = () =>
    run(
      'kube-apiserver',
      `--etcd-servers=http://127.0.0.1:${etcdPort}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      '--endpoint-reconciler-type=none',
      `--secure-port=${apiPort}`,
      '--service-cluster-ip-range=10.96.0.0/16',
      '--allow-privileged=true',
      '--authorization-mode=Node,RBAC',
      '--enable-admission-plugins=NodeRestriction',
      `--tls-cert-file=${path('apiserver.crt')}`,
      `--tls-private-key-file=${path('apiserver.key')}`,
      `--client-ca-file=${path('ca.crt')}`,
      '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
      `--service-account-key-file=${path('service-account.pub')}`,
      `--service-account-signing-key-file=${path('service-account.key')}`,
      `--requestheader-client-ca-file=${path('front-proxy-ca.crt')}`,
      '--requestheader-allowed-names=front-proxy-client',
      '--requestheader-username-headers=X-Remote-User',
      '--requestheader-group-headers=X-Remote-Group',
      '--requestheader-extra-headers-prefix=X-Remote-Extra-',
      `--proxy-client-cert-file=${path('front-proxy-client.crt')}`,
      `--proxy-client-key-file=${path('front-proxy-client.key')}`,
      '--profiling=false',
      ...(audit ? [`--audit-policy-file=${path('audit-policy.json')}`, `--audit-log-path=${auditLog}`] : []),
      ...featureGates,
    );
  const isReady = () => isOk(`${server}/readyz`, certificates);
  let apiServer = runApiServer();
  await waitUntilReady(isReady, [etcd, apiServer]);

  const delegated = (name: string) => [
    `--kubeconfig=${certificates.kubeconfig(name, server)}`,
    `--authentication-kubeconfig=${path(`${name}.kubeconfig`)}`,
    `--authorization-kubeconfig=${path(`${name}.kubeconfig`)}`,
    '--bind-address=127.0.0.1',
    '--leader-elect=false',
    ...featureGates,
  ];
  if (components.includes('controller-manager')) {
    run(
      'kube-controller-manager',
      ...delegated('controller-manager'),
      `--secure-port=${controllerManagerPort}`,
      '--use-service-account-credentials',
      `--service-account-private-key-file=${path('service-account.key')}`,
      `--root-ca-file=${path('ca.crt')}`,
      `--client-ca-file=${path('ca.crt')}`,
      `--requestheader-client-ca-file=${path('front-proxy-ca.crt')}`,
      `--cluster-signing-cert-file=${path('ca.crt')}`,
      `--cluster-signing-key-file=${path('ca.key')}`,
    );
  }
  if (components.includes('scheduler'))
    run('kube-scheduler', ...delegated('scheduler'), `--secure-port=${schedulerPort}`);

  const kubectl: ControlPlane['kubectl'] = (parameters, { input } = {}) =>
    runKubectl(join(binaries, 'kubectl'), directory, ['--kubeconfig', kubeconfig, ...parameters], input);
  if (components.includes('controller-manager')) {
    // Pods need it, and when it is there the controllers work.
    await waitUntilReady(async () => {
      const names = await kubectl(['get', 'serviceaccount', '--namespace=default', '--output=name']);
      return names.includes('default');
    }, []);
  }

  return {
    server,
    kubeconfig,
    directory,
    kubectl,
    async kubeconfigFor(user, groups = []) {
      const name = `user-${user.replaceAll(/[^A-Za-z0-9-]/g, '-')}`;
      await certificates.issue(name, { user, groups });
      return certificates.kubeconfig(name, server);
    },
    apiServer: {
      stop: () => apiServer.kill(),
      async start() {
        apiServer = runApiServer();
        await waitUntilReady(isReady, [apiServer]);
      },
      pause: () => apiServer.signal('SIGSTOP'),
      resume: () => apiServer.signal('SIGCONT'),
    },
    writes() {
      if (!audit) throw new Error('Start the control plane with audit: true to see its writes.');
      return readAuditLog(auditLog);
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function issueCertificates(directory: string, components: readonly string[]): Promise<Certificates> {
  const certificates = await Certificates.create(join(directory, 'pki'));
  const names = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'localhost'].map(
    (name) => `DNS:${name}`,
  );
  await Promise.all([
    certificates.issue('apiserver', { user: 'kube-apiserver', serves: [...names, 'IP:127.0.0.1', 'IP:10.96.0.1'] }),
    certificates.issue('front-proxy-client', { user: 'front-proxy-client' }, 'front-proxy-ca'),
    certificates.issue('admin', { user: 'admin', groups: ['system:masters'] }),
    ...components.map((name) => certificates.issue(name, { user: `system:kube-${name}` })),
  ]);
  return certificates;
}

/** @throws Error when one of the daemons ends, or after a minute */
async function waitUntilReady(isReady: () => Promise<boolean>, daemons: readonly Daemon[]): Promise<void> {
  const end = performance.now() + 60_000;
  while (!(await isReady())) {
    const dead = daemons.find((daemon) => !daemon.running);
    if (dead) throw new Error(`${dead.name} has ended:\n${dead.lastWords()}`);
    if (performance.now() > end) {
      const words = daemons.map((daemon) => `${daemon.name}:\n${daemon.lastWords()}`);
      throw new Error(`the control plane was not ready within a minute\n${words.join('\n')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function isOk(url: string, certificates: Certificates): Promise<boolean> {
  const read = (file: string) => readFileSync(certificates.path(file));
  const identity = { ca: read('ca.crt'), cert: read('admin.crt'), key: read('admin.key') };
  return new Promise((resolve) => {
    const request = get(url, { ...identity, agent: false, timeout: 2_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}

function runKubectl(
  program: string,
  directory: string,
  parameters: readonly string[],
  input: string | undefined,
): Promise<string> {
  return new Promise((resolve, reject) => {
    // Its cache would otherwise grow in the user's home.
    const env = { ...process.env, KUBECACHEDIR: join(directory, 'kubectl-cache') };
    const child = execFile(program, parameters, { env, maxBuffer: 256 << 20 }, (error, output, said) => {
      if (error) reject(new Error(`kubectl ${parameters.slice(2).join(' ')}: ${said.trim() || error.message}`));
      else resolve(output);
    });
    child.stdin!.on('error', () => {}).end(input ?? '');
  });
}
