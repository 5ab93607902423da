import { parseDocument, stringify } from 'yaml';
import type { CustomResourceDefinition } from './crd-template.ts';
import type { Value } from './values-table.ts';

export interface ChartFacts {
  /** Of the project, for the chart and what it installs alike. */
  readonly version: string;
  readonly crds: readonly CustomResourceDefinition[];
  /** Yaml of a resource that users can begin with. */
  readonly example: string;
  /** The chart's values: they name the images. */
  readonly images: readonly Value[];
}

/** @returns the text of a Chart.yaml with the version, and the annotations that Artifact Hub shows */
export function renderChartMetadata(text: string, facts: ChartFacts): string {
  const document = parseDocument(text);
  document.set('version', facts.version);
  document.set('appVersion', facts.version);
  document.set('annotations', {
    'artifacthub.io/category': 'ai-machine-learning',
    'artifacthub.io/crds': stringify(facts.crds.flatMap(describeCrd), { lineWidth: 0 }),
    'artifacthub.io/crdsExamples': indentAsItem(facts.example),
    'artifacthub.io/images': stringify(
      [
        ['operator', 'image'],
        ['server', 'serverImage'],
      ].map(([name, value]) => ({ name, image: `${repositoryOf(facts.images, value!)}:${facts.version}` })),
    ),
    'artifacthub.io/license': 'Apache-2.0',
    'artifacthub.io/operator': 'true',
    'artifacthub.io/operatorCapabilities': 'Deep Insights',
    'artifacthub.io/prerelease': String(facts.version.startsWith('0.')),
  });
  return document.toString({ lineWidth: 0 });
}

function describeCrd({ metadata, spec }: CustomResourceDefinition): object[] {
  return spec.versions.map((version) => ({
    kind: spec.names.kind,
    version: version.name,
    name: metadata.name,
    displayName: spec.names.kind,
    description: version.schema.openAPIV3Schema.description ?? spec.names.kind,
  }));
}

function indentAsItem(yaml: string): string {
  return yaml
    .trimEnd()
    .split('\n')
    .map((line, index) => `${index === 0 ? '- ' : '  '}${line}\n`)
    .join('');
}

function repositoryOf(values: readonly Value[], image: string): unknown {
  const value = values.find(({ path }) => path.join('.') === `${image}.repository`);
  if (!value) throw new Error(`values.yaml names no ${image}.repository`);
  return value.default;
}
