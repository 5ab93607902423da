import { join } from 'node:path';

/** Of each component: where it listens. The API server alone may be reached from other addresses than 127.0.0.1. */
export interface Ports {
  readonly etcd: number;
  readonly etcdPeer: number;
  readonly apiServer: number;
  readonly controllerManager: number;
  readonly scheduler: number;
}

export interface CommandOptions {
  readonly directory: string;
  readonly ports: Ports;
  /** The API server's own address. */
  readonly address: string;
  readonly featureGates?: Readonly<Record<string, boolean>> | undefined;
  /** Path of an audit policy; the log goes to `audit.log` in the directory. */
  readonly auditPolicy?: string | undefined;
}

export const networks = {
  services: '10.96.0.0/16',
  /** Of the Service `kubernetes`: always the first. */
  apiService: '10.96.0.1',
  dnsService: '10.96.0.10',
  pods: '10.244.0.0/16',
} as const;

export function etcdFlags({ directory, ports }: CommandOptions): string[] {
  const clients = `http://127.0.0.1:${ports.etcd}`;
  const peers = `http://127.0.0.1:${ports.etcdPeer}`;
  return [
    `--data-dir=${join(directory, 'etcd')}`,
    `--listen-client-urls=${clients}`,
    `--advertise-client-urls=${clients}`,
    `--listen-peer-urls=${peers}`,
    `--initial-advertise-peer-urls=${peers}`,
    `--initial-cluster=default=${peers}`,
    '--unsafe-no-fsync',
    '--log-level=warn',
  ];
}

export function apiServerFlags(options: CommandOptions): string[] {
  const { directory, ports, address, auditPolicy } = options;
  const pki = (file: string) => join(directory, 'pki', file);
  const loopback = address === '127.0.0.1';
  return [
    `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
    `--bind-address=${loopback ? address : '0.0.0.0'}`,
    `--advertise-address=${address}`,
    // Endpoints may not have loopback addresses, so nobody can reach the API server through its Service there.
    ...(loopback ? ['--endpoint-reconciler-type=none'] : []),
    `--secure-port=${ports.apiServer}`,
    `--service-cluster-ip-range=${networks.services}`,
    '--allow-privileged=true',
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    `--tls-cert-file=${pki('apiserver.crt')}`,
    `--tls-private-key-file=${pki('apiserver.key')}`,
    `--client-ca-file=${pki('ca.crt')}`,
    `--kubelet-client-certificate=${pki('kubelet-client.crt')}`,
    `--kubelet-client-key=${pki('kubelet-client.key')}`,
    `--kubelet-certificate-authority=${pki('ca.crt')}`,
    '--kubelet-preferred-address-types=InternalIP',
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${pki('service-account.pub')}`,
    `--service-account-signing-key-file=${pki('service-account.key')}`,
    `--requestheader-client-ca-file=${pki('front-proxy-ca.crt')}`,
    '--requestheader-allowed-names=front-proxy-client',
    '--requestheader-username-headers=X-Remote-User',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
    `--proxy-client-cert-file=${pki('front-proxy-client.crt')}`,
    `--proxy-client-key-file=${pki('front-proxy-client.key')}`,
    '--profiling=false',
    ...(auditPolicy ? [`--audit-policy-file=${auditPolicy}`, `--audit-log-path=${join(directory, 'audit.log')}`] : []),
    ...featureGateFlag(options),
  ];
}

export function controllerManagerFlags(options: CommandOptions): string[] {
  const pki = (file: string) => join(options.directory, 'pki', file);
  return [
    ...identityFlags('controller-manager', options),
    `--secure-port=${options.ports.controllerManager}`,
    '--use-service-account-credentials',
    `--service-account-private-key-file=${pki('service-account.key')}`,
    `--root-ca-file=${pki('ca.crt')}`,
    `--client-ca-file=${pki('ca.crt')}`,
    `--requestheader-client-ca-file=${pki('front-proxy-ca.crt')}`,
    `--cluster-signing-cert-file=${pki('ca.crt')}`,
    `--cluster-signing-key-file=${pki('ca.key')}`,
    '--allocate-node-cidrs',
    `--cluster-cidr=${networks.pods}`,
    `--service-cluster-ip-range=${networks.services}`,
    // A claim that comes before its volume would otherwise wait for up to 15 seconds.
    '--pvclaimbinder-sync-period=1s',
    // Each controller is held to 20 requests a second otherwise: a thousand Deployments would take it minutes.
    '--kube-api-qps=500',
    '--kube-api-burst=1000',
    '--horizontal-pod-autoscaler-sync-period=2s',
    // An API server that was away for a minute has not heard of the nodes either.
    '--node-monitor-grace-period=5m',
  ];
}

export function schedulerFlags(options: CommandOptions): string[] {
  return [...identityFlags('scheduler', options), `--secure-port=${options.ports.scheduler}`];
}

function identityFlags(name: string, options: CommandOptions): string[] {
  const kubeconfig = join(options.directory, 'pki', `${name}.kubeconfig`);
  return [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    '--bind-address=127.0.0.1',
    '--leader-elect=false',
    ...featureGateFlag(options),
  ];
}

function featureGateFlag({ featureGates = {} }: CommandOptions): string[] {
  const gates = Object.entries(featureGates).map(([gate, on]) => `${gate}=${on}`);
  return gates.length > 0 ? [`--feature-gates=${gates.join(',')}`] : [];
}
