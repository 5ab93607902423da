import { stringify } from 'yaml';

const namespace = 'default';
const labels = { 'modelserver.dev/name': 'digits' };

/** Small ones of each kind that the operator makes for the ModelServer `digits`, to be applied in its name. */
export function childrenOf(uid: string): string {
  const owner = { apiVersion: 'modelserver.dev/v1alpha1', kind: 'ModelServer', name: 'digits', uid };
  const ownerReferences = [{ ...owner, controller: true, blockOwnerDeletion: true }];
  const child = (apiVersion: string, kind: string, name: string, fields: object) =>
    stringify({ apiVersion, kind, metadata: { name, namespace, labels, ownerReferences }, ...fields });
  const selector = { matchLabels: labels };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'modelserver', image: 'server' }] } };
  return [
    child('apps/v1', 'Deployment', 'digits', { spec: { replicas: 0, selector, template } }),
    child('v1', 'Service', 'digits', { spec: { selector: labels, ports: [{ name: 'grpc', port: 8080 }] } }),
    child('v1', 'ConfigMap', 'digits-config', { data: { 'config.json': '{}' } }),
    child('v1', 'ServiceAccount', 'digits', {}),
    child('policy/v1', 'PodDisruptionBudget', 'digits', { spec: { maxUnavailable: 1, selector } }),
    child('autoscaling/v2', 'HorizontalPodAutoscaler', 'digits', {
      spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: owner.apiVersion, kind: owner.kind, name: owner.name } },
    }),
    child('networking.k8s.io/v1', 'NetworkPolicy', 'digits', { spec: { podSelector: selector } }),
  ].join('---\n');
}

export const childKinds = [
  ...['deployments', 'services', 'configmaps', 'serviceaccounts'],
  ...['poddisruptionbudgets', 'horizontalpodautoscalers', 'networkpolicies'],
].join(',');
