import { parse } from 'yaml';

/** What is read here of one. */
export interface CustomResourceDefinition {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string; readonly plural: string };
    readonly versions: readonly {
      readonly name: string;
      readonly schema: { readonly openAPIV3Schema: { readonly description?: string } };
    }[];
  };
}

const metadata = `metadata:
  name: NAME
  labels:
    app.kubernetes.io/part-of: modelserver
    app.kubernetes.io/managed-by: {{ .Release.Service }}
  {{- if .Values.crds.keep }}
  annotations:
    # The release may go: this stays, and with it all ModelServers and their pods.
    helm.sh/resource-policy: keep
  {{- end }}
`;

/**
 * A CustomResourceDefinition as a template: Helm installs what lies in a chart's crds/ once, and never brings it up to date.
 * @param text its yaml, with nothing but a name in its metadata
 */
export function renderCrdTemplate(text: string): string {
  const { metadata: found } = parse(text) as CustomResourceDefinition;
  const block = `metadata:\n  name: ${found.name}\n`;
  const at = text.indexOf(`\n${block}`) + 1;
  if (at === 0 || Object.keys(found).length > 1) {
    throw new Error(`${found.name}: expected "${block}" and no more metadata, which the chart sets itself`);
  }
  const before = escapeTemplate(text.slice(0, at)).replace(/^---\n/, '');
  const after = escapeTemplate(text.slice(at + block.length));
  return `{{- /* Written by scripts/generate-chart.ts from crds/. */ -}}
{{- if .Values.crds.install }}
${before}${metadata.replace('NAME', found.name)}${after.trimEnd()}
{{- end }}
`;
}

function escapeTemplate(text: string): string {
  return text.replaceAll('{{', '{{ "{{" }}');
}
