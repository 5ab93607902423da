import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { builtBinaries } from './kubernetes/build.ts';

/**
 * The folder with etcd, kube-apiserver, kubectl and the rest: KUBE_ASSETS, or what was built from `kubernetes`.
 * @throws Error that says what to do if there is none
 */
export function kubernetesBinaries(): string {
  const folder = process.env.KUBE_ASSETS || builtBinaries();
  if (existsSync(join(folder, 'kube-apiserver'))) return folder;
  throw new Error(
    process.env.KUBE_ASSETS
      ? `KUBE_ASSETS is ${folder}, which holds no kube-apiserver.`
      : 'Kubernetes is missing: set KUBE_ASSETS to a folder with etcd, kube-apiserver and so on, or build them with node test/cluster/kubernetes/build.ts, which needs Go.',
  );
}
