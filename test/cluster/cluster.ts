import { chmod } from 'node:fs/promises';
import { type ControlPlane, type ControlPlaneOptions, startControlPlane } from './control-plane.ts';
import { importImage, startContainerRuntime, startNode } from './node.ts';
import { nodeName } from './node-configuration.ts';
import { Sandbox } from './sandbox.ts';

export interface ClusterOptions extends Pick<ControlPlaneOptions, 'name' | 'featureGates' | 'audit'> {
  /** OCI archives. A pod that uses an image of theirs has `imagePullPolicy: Never` or `IfNotPresent`. */
  readonly images?: readonly string[];
}

export interface VolumeOptions {
  readonly namespace?: string;
  readonly readOnly?: boolean;
  /** False leaves the claim to someone else. */
  readonly claim?: boolean;
}

/** A whole cluster of one node, in a sandbox. */
export interface Cluster extends ControlPlane {
  readonly sandbox: Sandbox;
  /** Path of the network namespace, in which Services' and pods' addresses can be reached. */
  readonly netns: string;
  /** Runs a command inside, where names of Services are resolved. @returns what it prints */
  readonly exec: Sandbox['exec'];
  /** A port of loopback here for an address inside; each connection to it is made anew there. */
  readonly forward: Sandbox['forward'];
  importImage(archive: string): Promise<void>;
  /** A folder of this machine as a PersistentVolume with a claim of the same name. The folder's own mode becomes 0755. */
  pv(name: string, directory: string, options?: VolumeOptions): Promise<void>;
}

/**
 * Takes about twenty seconds. Needs root, and containerd, runc, the CNI plugins and nftables from the distribution. Everything
 * goes with `stop`, or else with the test process.
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { images = [], ...rest } = options;
  const sandbox = await Sandbox.create(options.name);
  let plane: ControlPlane | undefined;
  const stop = async () => {
    await sandbox.stop();
    await plane?.stop();
  };
  try {
    const components = ['controller-manager', 'scheduler'] as const;
    // Images are unpacked while the control plane starts.
    const [started, runtime] = await Promise.allSettled([
      startControlPlane({ ...rest, sandbox, components }),
      startContainerRuntime(sandbox, images),
    ]);
    if (started.status === 'fulfilled') plane = started.value;
    for (const outcome of [started, runtime]) if (outcome.status === 'rejected') throw outcome.reason;
    await startNode(sandbox, plane!);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ...plane!,
    ...{ sandbox, netns: sandbox.netns, stop, [Symbol.asyncDispose]: stop },
    exec: (command, options) => sandbox.exec(command, options),
    forward: (host, port) => sandbox.forward(host, port),
    importImage: (archive) => importImage(sandbox, archive),
    pv: (name, directory, options) => makeVolume(plane!, name, directory, options),
  };
}

async function makeVolume(
  { kubectl }: ControlPlane,
  name: string,
  directory: string,
  { namespace = 'default', readOnly = true, claim: isClaimed = true }: VolumeOptions = {},
): Promise<void> {
  await chmod(directory, 0o755);
  const size = { storage: '1Gi' };
  const accessModes = [readOnly ? 'ReadOnlyMany' : 'ReadWriteMany'];
  const here = { key: 'kubernetes.io/hostname', operator: 'In', values: [nodeName] };
  const volume = {
    ...{ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name } },
    spec: {
      ...{ capacity: size, accessModes, storageClassName: '', persistentVolumeReclaimPolicy: 'Retain' },
      ...{ local: { path: directory }, claimRef: { namespace, name } },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [here] }] } },
    },
  };
  const claim = {
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { namespace, name } },
    spec: { accessModes, storageClassName: '', volumeName: name, resources: { requests: size } },
  };
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: isClaimed ? [volume, claim] : [volume] });
  await kubectl(['apply', '--filename=-'], { input });
  if (!isClaimed) return;
  const until = ['--for=jsonpath={.status.phase}=Bound', '--timeout=60s'];
  await kubectl(['wait', `persistentvolumeclaim/${name}`, `--namespace=${namespace}`, ...until]);
}
