import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/**
 * The folder with etcd, kube-apiserver, kubectl and the rest.
 * @throws Error that says what to do if there is none
 */
export function kubernetesBinaries(): string {
  const folder = process.env.KUBE_ASSETS;
  if (!folder)
    throw new Error('Set KUBE_ASSETS to a folder with etcd, kube-apiserver, kube-controller-manager and so on.');
  try {
    accessSync(join(folder, 'kube-apiserver'), constants.X_OK);
  } catch {
    throw new Error(`KUBE_ASSETS is ${folder}, which holds no kube-apiserver that can be run.`);
  }
  return folder;
}
