import { join } from 'node:path';
import type { ControlPlane } from '../control-plane.ts';
import { networks } from '../control-plane-commands.ts';
import { Daemon } from '../daemon.ts';
import { waitFor } from '../is-ready.ts';
import { kubernetesBinaries } from '../kubernetes-binaries.ts';

export const nodeName = 'simulated';

/** A node of which there is only the word of kwok: its pods run and are ready as soon as they are bound, each with an address. */
export async function startSimulatedNode(plane: ControlPlane): Promise<void> {
  const kwok = new Daemon(plane.directory, 'kwok', [
    join(kubernetesBinaries(), 'kwok'),
    `--kubeconfig=${plane.kubeconfig}`,
    `--config=`,
    '--manage-all-nodes',
    `--cidr=${networks.pods}`,
    '--node-ip=127.0.0.1',
    '--node-lease-duration-seconds=40',
  ]);
  const node = {
    ...{ apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName } },
    spec: { podCIDR: networks.pods, podCIDRs: [networks.pods] },
  };
  await plane.kubectl(['create', '--filename=-'], { input: JSON.stringify(node) });
  const ready = ['get', 'node', nodeName, '--output=jsonpath={.status.conditions[?(@.type=="Ready")].status}'];
  await waitFor(async () => (await plane.kubectl(ready)) === 'True', [kwok]);
}
