import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');

/**
 * Ends a generator: writes its text to the file; with `--check` among the arguments, compares them instead and has the
 * process fail where they differ.
 */
export function finish(file: string, text: string, argv: readonly string[]): void {
  const path = resolve(root, file);
  if (!argv.includes('--check')) {
    writeFileSync(path, text);
    return;
  }
  if (readFileSync(path, 'utf8') === text) return;
  const generator = relative(root, argv[1] ?? '');
  process.stderr.write(`${file} is not what its source says: run \`node ${generator}\`\n`);
  process.exitCode = 1;
}

/** TypeScript as `biome format` leaves it. */
export function format(text: string, file: string): string {
  const { status, stdout, stderr, error } = spawnSync(
    resolve(root, 'node_modules/.bin/biome'),
    ['format', `--stdin-file-path=${resolve(root, file)}`],
    { cwd: root, input: text, encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`biome does not format ${file}: ${stderr}`, { cause: error });
  return stdout;
}
