import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = '/sys/fs/cgroup';

/** Makes a cgroup in every hierarchy of the machine: one in version 2, one for each controller in version 1. */
export function makeCgroup(path: string): void {
  for (const hierarchy of hierarchies()) {
    const folder = join(hierarchy, path);
    mkdirSync(folder, { recursive: true });
    // In version 1 nothing can run in a cgroup that was given no processors.
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      if (hierarchy !== root && existsSync(join(folder, file))) {
        writeFileSync(join(folder, file), readFileSync(join(hierarchy, file)));
      }
    }
  }
}

/** Removes it and all below it, once their processes have ended. @throws Error if some have not within ten seconds */
export async function removeCgroup(path: string): Promise<void> {
  for (const hierarchy of hierarchies()) {
    const folder = join(hierarchy, path);
    for (let tries = 1; existsSync(folder); tries++) {
      try {
        removeTree(folder);
      } catch (error) {
        if (tries === 200) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }
}

function removeTree(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeTree(join(folder, entry.name));
  }
  rmdirSync(folder);
}

function hierarchies(): string[] {
  if (!existsSync(root)) return [];
  if (existsSync(join(root, 'cgroup.controllers'))) return [root];
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(root, name))
    .filter((folder) => existsSync(join(folder, 'cgroup.procs')));
}
