{{/*
What the operator does, and no more. Whoever is asked by the operator reads this; there is no access to Secrets.
Server-side apply is "patch", and "create" where there is nothing yet.
*/}}
{{- define "modelserver-operator.rules" -}}
{{- $children := "[get, list, watch, create, patch, delete]" -}}
- apiGroups: [modelserver.dev]
  resources: [modelservers]
  verbs: [get, list, watch]
- apiGroups: [modelserver.dev]
  resources: [modelservers/status]
  verbs: [get, patch]
# Children point to their owner with blockOwnerDeletion, which some clusters allow only to those who may do this.
- apiGroups: [modelserver.dev]
  resources: [modelservers/finalizers]
  verbs: [update]
- apiGroups: [apps]
  resources: [deployments]
  verbs: {{ $children }}
- apiGroups: [""]
  resources: [services, configmaps, serviceaccounts]
  verbs: {{ $children }}
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: {{ $children }}
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: {{ $children }}
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies]
  verbs: {{ $children }}
- apiGroups: [monitoring.coreos.com]
  resources: [podmonitors]
  verbs: {{ $children }}
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch{{ if .Values.pods.patch }}, patch{{ end }}]
# Their names, to say why pods wait for one, and to notice when it arrives.
- apiGroups: [""]
  resources: [persistentvolumeclaims]
  verbs: [get, list, watch]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end }}
