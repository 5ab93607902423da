// Writes what of the chart, and of what goes with it, follows from other files; with --check only says what is not up to date.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { renderArgocdConfigMap } from './chart/argocd-config-map.ts';
import { renderChartMetadata } from './chart/chart-metadata.ts';
import { type CustomResourceDefinition, renderCrdTemplate } from './chart/crd-template.ts';
import { dashboards } from './chart/dashboards.ts';
import { renderDashboard } from './chart/grafana.ts';
import { describeSchema } from './chart/values-schema.ts';
import { readValues, renderValuesTable, replaceValuesTable } from './chart/values-table.ts';
import { finish, format } from './generated-file.ts';

const root = join(import.meta.dirname, '..');
const chart = 'charts/modelserver-operator';
const schema = `${chart}/values.schema.json`;
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

for (const [path, text] of generateAll()) finish(path, text, process.argv);

function generateAll(): Map<string, string> {
  const crds = readdirSync(join(root, 'crds'))
    .filter((name) => name.endsWith('.yaml'))
    .toSorted()
    .map((name) => read(`crds/${name}`));
  const values = readValues(read(`${chart}/values.yaml`));
  const { version } = JSON.parse(read('package.json')) as { version: string };
  return new Map([
    ...crds.map((text): [string, string] => {
      const { spec } = parse(text) as CustomResourceDefinition;
      return [`${chart}/templates/crd-${spec.names.plural}.yaml`, renderCrdTemplate(text)];
    }),
    ...dashboards.map((dashboard): [string, string] => {
      const path = `${chart}/dashboards/${dashboard.name}.json`;
      return [path, format(JSON.stringify(renderDashboard(dashboard)), path)];
    }),
    [
      `${chart}/Chart.yaml`,
      renderChartMetadata(read(`${chart}/Chart.yaml`), {
        version,
        crds: crds.map((text) => parse(text) as CustomResourceDefinition),
        example: read(`${chart}/files/example.yaml`),
        images: values,
      }),
    ],
    [schema, format(JSON.stringify(describeSchema(JSON.parse(read(schema)), values)), schema)],
    [`${chart}/README.md`, replaceValuesTable(read(`${chart}/README.md`), renderValuesTable(values))],
    ['deploy/argocd/argocd-cm.yaml', renderArgocdConfigMap(read('deploy/argocd/health.lua'))],
  ]);
}
