import type { KubeObject } from '../../../src/operator/cluster/kube-object.ts';
import { claimName, type Place } from './surroundings.ts';

/** A ModelServer of the model that the simulated pods serve. */
export function digits({ namespace, name }: Place, spec: object = {}): KubeObject {
  const repository = { persistentVolumeClaim: { claimName } };
  return {
    ...{ apiVersion: 'modelserver.dev/v1alpha1', kind: 'ModelServer', metadata: { name, namespace } },
    ...{ spec: { repository, models: [{ name: 'digits' }], ...spec } },
  };
}
