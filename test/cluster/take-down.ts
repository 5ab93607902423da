import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { removeCgroup } from './cgroup.ts';

/**
 * Ends whatever daemon of this directory still runs, removes the cgroup of its name and then the directory. It needs nothing
 * but the directory, so that a guard can do it when the test itself has died. What is mounted below the directory is so in
 * namespaces that have ended by then, so nothing is removed through a mount.
 */
export async function takeDown(directory: string): Promise<void> {
  const pids = runningDaemons(directory);
  for (const pid of pids) signal(pid, 'SIGKILL');
  for (const pid of pids) {
    for (let tries = 0; tries < 500 && isAlive(pid); tries++) await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await removeCgroup(`/${basename(directory)}`);
  rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

/** Since pids are used anew, each is kept with the time at which its process started. */
function runningDaemons(directory: string): number[] {
  const folder = join(directory, 'run');
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  const pids: number[] = [];
  for (const name of names) {
    const [pid, started] = readFileSync(join(folder, name), 'utf8').split(' ');
    if (started !== '' && startTime(Number(pid)) === started) pids.push(Number(pid));
  }
  return pids;
}

/** When a process started, in clock ticks since the machine did; empty if there is none. */
export function startTime(pid: number): string {
  try {
    // The second field is the command's name in parentheses and may hold anything; the start time is the 22nd.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

/** A zombie, whose parent has not looked yet, holds nothing any more. */
function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat[stat.lastIndexOf(')') + 2] !== 'Z';
  } catch {
    return false;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself.
  }
}

if (import.meta.main) await takeDown(process.argv[2]!);
