// Builds etcd, Kubernetes and what else the scenarios run, from Go modules, into the user's cache, and prints the folder. It
// takes ten minutes or so on two cores, once; what has been built stays, so a run that was broken off is taken up again.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Program, programs } from './programs.ts';

/** The folder for what is built from these sources; other sources, another folder. */
export function builtBinaries(): string {
  const hash = createHash('sha256').update(process.arch).update(JSON.stringify(programs));
  for (const { name } of programs) {
    const folder = join(import.meta.dirname, name);
    for (const file of readdirSync(folder).sort()) hash.update(`${file}\n`).update(readFileSync(join(folder, file)));
  }
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(cache, 'modelserver', `kubernetes-${hash.digest('hex').slice(0, 16)}`);
}

/** @throws Error in one sentence if something that all scenarios need cannot be built */
export function buildBinaries(): string {
  const folder = builtBinaries();
  mkdirSync(folder, { recursive: true });
  for (const program of programs) {
    if (existsSync(join(folder, program.name))) continue;
    console.error(`Building ${program.name} …`);
    const problem = build(program, folder);
    if (problem && !program.isOptional) throw new Error(`${program.name} cannot be built: ${problem}`);
    if (problem) console.error(`${program.name} cannot be built, and what needs it will be skipped: ${problem}`);
  }
  return folder;
}

/** @returns what went wrong */
function build({ name, package: path = '.', links = [], variables = {} }: Program, folder: string): string | undefined {
  const set = Object.entries(variables).map(([variable, value]) => `-X ${variable}=${value}`);
  const temporary = join(folder, `.${name}.${process.pid}`);
  const flags = ['-trimpath', '-mod=readonly', '-ldflags', ['-s', '-w', ...set].join(' '), '-o', temporary];
  const { error, status, stderr } = spawnSync('go', ['build', ...flags, path], {
    cwd: join(import.meta.dirname, name),
    env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' },
    encoding: 'utf8',
  });
  if (error) return 'Go is not installed; install Go 1.24 or later, or set KUBE_ASSETS to a folder with the programs.';
  if (status !== 0) {
    rmSync(temporary, { force: true });
    return stderr.trim().split('\n').slice(-3).join(' ');
  }
  for (const link of links) {
    rmSync(join(folder, link), { force: true });
    symlinkSync(name, join(folder, link));
  }
  renameSync(temporary, join(folder, name));
  return undefined;
}

if (import.meta.main) {
  try {
    console.log(buildBinaries());
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}
