/** @returns a patch for Argo CD's own ConfigMap that has it judge ModelServers by this Lua */
export function renderArgocdConfigMap(lua: string): string {
  const lines = lua.trimEnd().split('\n');
  const indented = lines.map((line) => (line === '' ? '' : `    ${line}`));
  return `# Written by scripts/generate-chart.ts from health.lua. Merge it into Argo CD's ConfigMap:
#   kubectl --namespace argocd patch configmap argocd-cm --patch-file argocd-cm.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: argocd-cm
  namespace: argocd
  labels:
    app.kubernetes.io/name: argocd-cm
    app.kubernetes.io/part-of: argocd
data:
  resource.customizations.health.modelserver.dev_ModelServer: |
${indented.join('\n')}
`;
}
