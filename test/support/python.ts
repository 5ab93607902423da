import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/**
 * A Python that has the packages; or why there is none.
 * @param requirements path of a requirements file, from the project's root
 */
export function pythonWith(requirements: string): { python: string } | { missing: string } {
  const script = join(root, 'scripts/python-env.sh');
  const { status, stdout, stderr } = spawnSync(script, [join(root, requirements)], { encoding: 'utf8' });
  if (status === 0) return { python: stdout.trim() };
  return { missing: `${requirements} cannot be installed: ${stderr.trim().split('\n').at(-1)}` };
}
