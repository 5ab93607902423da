// Format, lint and types. Steps that compare generated files with their generator's belong here too.
import { spawnSync } from 'node:child_process';

const steps: readonly [name: string, command: string, ...parameters: string[]][] = [
  ['format and lint', 'biome', 'ci', '--error-on-warnings', '--colors=off', '.'],
  ['types', 'tsc', '--noEmit'],
  ['types of the resource are those of its CRD', 'node', 'scripts/generate-crd-types.ts', '--check'],
  ['the chart is what its parts make it', 'node', 'scripts/generate-chart.ts', '--check'],
  ['description of the REST API is what the server publishes', 'node', 'scripts/generate-openapi.ts', '--check'],
  ['reference of the resource is that of its CRD', 'node', 'scripts/generate-crd-reference.ts', '--check'],
  [
    'schema and reference of config.json are those of the code',
    'node',
    'scripts/generate-config-reference.ts',
    '--check',
  ],
];

const failed = steps.filter(([name, command, ...parameters]) => {
  const { status } = spawnSync(command, parameters, { stdio: 'inherit' });
  process.stdout.write(`${status === 0 ? '✔' : '✖'} ${name}\n`);
  return status !== 0;
});
process.stdout.write(`${steps.length - failed.length} passed, ${failed.length} failed, 0 skipped\n`);
process.exitCode = failed.length > 0 ? 1 : 0;
