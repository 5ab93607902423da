// Writes what of the chart, and of what goes with it, follows from other files; with --check only says what is not up to date.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { renderArgocdConfigMap } from './chart/argocd-config-map.ts';
import { renderChartMetadata } from './chart/chart-metadata.ts';
import { type CustomResourceDefinition, renderCrdTemplate } from './chart/crd-template.ts';
import { dashboards } from './chart/dashboards.ts';
import { renderDashboard } from './chart/grafana.ts';
import { describeSchema } from './chart/values-schema.ts';
import { readValues, renderValuesTable, replaceValuesTable } from './chart/values-table.ts';

const root = join(import.meta.dirname, '..');
const chart = 'charts/modelserver-operator';
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const stale = [...generateAll()].filter(([path, text]) => readIfThere(path) !== text);
if (process.argv.includes('--check')) {
  for (const [path] of stale) console.error(`${path} is not what scripts/generate-chart.ts writes: run it`);
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  for (const [path, text] of stale) {
    writeFileSync(join(root, path), text);
    console.log(`wrote ${path}`);
  }
}

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
      return [path, formatJson(path, renderDashboard(dashboard))];
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
    [
      `${chart}/values.schema.json`,
      formatJson(
        `${chart}/values.schema.json`,
        describeSchema(JSON.parse(read(`${chart}/values.schema.json`)), values),
      ),
    ],
    [`${chart}/README.md`, replaceValuesTable(read(`${chart}/README.md`), renderValuesTable(values))],
    ['deploy/argocd/argocd-cm.yaml', renderArgocdConfigMap(read('deploy/argocd/health.lua'))],
  ]);
}

/** As the formatter leaves it, which holds for the rest of the project too. */
function formatJson(path: string, value: object): string {
  const { status, stdout, stderr } = spawnSync('biome', ['format', `--stdin-file-path=${path}`], {
    cwd: root,
    input: JSON.stringify(value),
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`biome cannot format ${path}: ${stderr}`);
  return stdout;
}

function readIfThere(path: string): string | undefined {
  try {
    return read(path);
  } catch {
    return undefined;
  }
}
