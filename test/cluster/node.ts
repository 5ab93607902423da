import { join } from 'node:path';
import type { ControlPlane } from './control-plane.ts';
import { coreDnsImage, coreDnsObjects } from './core-dns.ts';
import { Daemon } from './daemon.ts';
import { waitFor } from './is-ready.ts';
import { kubernetesBinaries } from './kubernetes-binaries.ts';
import { nodeName, pauseImage, writeContainerdConfiguration, writeNodeConfiguration } from './node-configuration.ts';
import { writeOciArchive } from './oci-archive.ts';
import type { Sandbox } from './sandbox.ts';

/** Starts containerd and gives it the images. */
export async function startContainerRuntime(sandbox: Sandbox, images: readonly string[]): Promise<void> {
  const file = writeContainerdConfiguration(sandbox);
  const daemon = new Daemon(sandbox.directory, 'containerd', ['containerd', '--config', file], {
    through: sandbox.inside,
  });
  const answers = () => sandbox.exec(['ctr', 'version']).then(...toBoolean);
  await waitFor(answers, [daemon]);
  for (const [program, name] of [
    ['pause', pauseImage],
    ['coredns', coreDnsImage],
  ] as const) {
    const archive = join(sandbox.directory, `${program}.tar`);
    writeOciArchive(archive, { name, program: join(kubernetesBinaries(), program) });
    await importImage(sandbox, archive);
  }
  for (const archive of images) await importImage(sandbox, archive);
}

export async function importImage(sandbox: Sandbox, archive: string): Promise<void> {
  await sandbox.exec(['ctr', '--namespace=k8s.io', 'images', 'import', archive]);
}

/** Starts kubelet and kube-proxy, waits until the node is ready, and has CoreDNS running. */
export async function startNode(sandbox: Sandbox, plane: ControlPlane): Promise<void> {
  const { certificates, innerServer, kubectl } = plane;
  const user = { user: `system:node:${nodeName}`, groups: ['system:nodes'] };
  const serves = [`DNS:${nodeName}`, 'IP:127.0.0.1', `IP:${sandbox.address}`];
  await Promise.all([
    certificates.issue('kubelet', user),
    certificates.issue('kubelet-server', { ...user, serves }),
    certificates.issue('kube-proxy', { user: 'system:kube-proxy' }),
  ]);
  const kubeconfig = certificates.kubeconfig('kubelet', innerServer);
  certificates.kubeconfig('kube-proxy', innerServer);
  const configuration = writeNodeConfiguration(sandbox, certificates);
  const run = (name: string, ...flags: string[]) =>
    new Daemon(sandbox.directory, name, [join(kubernetesBinaries(), name), ...flags], { through: sandbox.inside });
  const daemons = [
    run(
      'kubelet',
      `--config=${configuration.kubelet}`,
      `--kubeconfig=${kubeconfig}`,
      `--hostname-override=${nodeName}`,
      `--node-ip=${sandbox.address}`,
      `--root-dir=${join(sandbox.directory, 'kubelet')}`,
      `--cert-dir=${join(sandbox.directory, 'kubelet-pki')}`,
    ),
    run('kube-proxy', `--config=${configuration.kubeProxy}`),
  ];
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: coreDnsObjects });
  await kubectl(['apply', '--filename=-'], { input });
  // An answer needs kubelet, kube-proxy and CoreDNS.
  await waitFor(() => sandbox.exec(['getent', 'hosts', 'kubernetes.default']).then(...toBoolean), daemons);
}

const toBoolean = [() => true, () => false] as const;
