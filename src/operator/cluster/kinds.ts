import type { Kind } from './kube-object.ts';

const namespaced = (apiVersion: string, kind: string, plural: string): Kind => ({
  apiVersion,
  kind,
  plural,
  namespaced: true,
});

export const modelServers = namespaced('modelserver.dev/v1alpha1', 'ModelServer', 'modelservers');
export const deployments = namespaced('apps/v1', 'Deployment', 'deployments');
export const services = namespaced('v1', 'Service', 'services');
export const configMaps = namespaced('v1', 'ConfigMap', 'configmaps');
export const serviceAccounts = namespaced('v1', 'ServiceAccount', 'serviceaccounts');
export const pods = namespaced('v1', 'Pod', 'pods');
export const persistentVolumeClaims = namespaced('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims');
export const podDisruptionBudgets = namespaced('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets');
export const horizontalPodAutoscalers = namespaced(
  'autoscaling/v2',
  'HorizontalPodAutoscaler',
  'horizontalpodautoscalers',
);
export const networkPolicies = namespaced('networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies');
export const podMonitors = namespaced('monitoring.coreos.com/v1', 'PodMonitor', 'podmonitors');
export const leases = namespaced('coordination.k8s.io/v1', 'Lease', 'leases');
export const events = namespaced('events.k8s.io/v1', 'Event', 'events');
