import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Certificates } from './certificates.ts';
import { networks } from './control-plane-commands.ts';
import type { Sandbox } from './sandbox.ts';

export const nodeName = 'node';
export const pauseImage = 'localhost/pause:1';
/** Sandbox-wide, since its /run is its own. */
export const containerdSocket = '/run/containerd/containerd.sock';

/** Also how pods get their addresses. @returns the file's path */
export function writeContainerdConfiguration(sandbox: Sandbox): string {
  const at = (path: string) => join(sandbox.directory, path);
  mkdirSync(at('cni'));
  const network = {
    ...{ cniVersion: '1.0.0', name: 'pods' },
    plugins: [
      {
        ...{ type: 'bridge', bridge: 'cni0', isGateway: true, hairpinMode: true },
        ipam: {
          ...{ type: 'host-local', dataDir: at('cni-addresses'), routes: [{ dst: '0.0.0.0/0' }] },
          ranges: [[{ subnet: networks.pods.replace('/16', '/24') }]],
        },
      },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  };
  writeFileSync(at('cni/10-pods.conflist'), JSON.stringify(network));
  writeFileSync(at('containerd.toml'), containerd(at));
  return at('containerd.toml');
}

/** @returns the files' paths */
export function writeNodeConfiguration(sandbox: Sandbox, certificates: Certificates) {
  const at = (path: string) => join(sandbox.directory, path);
  const kubeProxy = {
    ...{ apiVersion: 'kubeproxy.config.k8s.io/v1alpha1', kind: 'KubeProxyConfiguration', mode: 'nftables' },
    ...{ clientConnection: { kubeconfig: certificates.path('kube-proxy.kubeconfig') }, clusterCIDR: networks.pods },
    hostnameOverride: nodeName,
    // These are settings of the whole machine.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  };
  mkdirSync(at('pod-logs'));
  writeFileSync(at('kubelet.json'), JSON.stringify(kubelet(at, sandbox, certificates)));
  writeFileSync(at('kube-proxy.json'), JSON.stringify(kubeProxy));
  return { kubelet: at('kubelet.json'), kubeProxy: at('kube-proxy.json') };
}

/** Without CAP_SYS_RESOURCE no process may make itself less likely to be killed for memory, so that pods must not ask for it. */
function containerd(at: (path: string) => string): string {
  return `version = 2
root = "${at('containerd')}"
state = "/run/containerd/state"
[grpc]
  address = "${containerdSocket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "${at('containerd-opt')}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  disable_apparmor = true
  restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".containerd]
  default_runtime_name = "runc"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  SystemdCgroup = false
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "${at('cni')}"
`;
}

function kubelet(at: (path: string) => string, sandbox: Sandbox, certificates: Certificates): unknown {
  return {
    ...{ apiVersion: 'kubelet.config.k8s.io/v1beta1', kind: 'KubeletConfiguration' },
    authentication: { anonymous: { enabled: false }, x509: { clientCAFile: certificates.path('ca.crt') } },
    authorization: { mode: 'Webhook' },
    tlsCertFile: certificates.path('kubelet-server.crt'),
    tlsPrivateKeyFile: certificates.path('kubelet-server.key'),
    containerRuntimeEndpoint: `unix://${containerdSocket}`,
    ...{ clusterDNS: [networks.dnsService], clusterDomain: 'cluster.local', resolvConf: '/etc/resolv.conf' },
    ...{ cgroupDriver: 'cgroupfs', cgroupRoot: sandbox.cgroup, failCgroupV1: false, failSwapOn: false },
    ...{ podLogsDir: at('pod-logs'), volumePluginDir: at('volume-plugins') },
    // The machine's disk may be nearly full, and images must stay, as they cannot be pulled again.
    evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
    imageGCHighThresholdPercent: 100,
    nodeStatusUpdateFrequency: '5s',
  };
}
