import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/**
 * A folder in which the packages of a lock file are installed, once; or why there is none.
 * @param folder with package.json and package-lock.json, from the project's root
 */
export function packagesOf(folder: string): { folder: string } | { missing: string } {
  const source = join(root, folder);
  const sum = createHash('sha256')
    .update(readFileSync(join(source, 'package-lock.json')))
    .digest('hex')
    .slice(0, 16);
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'modelserver');
  const installed = join(cache, `npm-${sum}`);
  if (existsSync(installed)) return { folder: installed };
  mkdirSync(cache, { recursive: true });
  const target = mkdtempSync(`${installed}.`);
  try {
    for (const file of ['package.json', 'package-lock.json', '.npmrc'])
      copyFileSync(join(source, file), join(target, file));
    const flags = ['ci', '--ignore-scripts', '--no-audit', '--no-fund'];
    const { status, stderr } = spawnSync('npm', flags, { cwd: target, encoding: 'utf8' });
    if (status !== 0) {
      return { missing: `${folder} cannot be installed: ${stderr?.trim().split('\n').at(-1) ?? 'there is no npm'}` };
    }
    // Whoever was faster has the same.
    if (!existsSync(installed)) renameSync(target, installed);
    return { folder: installed };
  } finally {
    rmSync(target, { recursive: true, force: true });
  }
}
