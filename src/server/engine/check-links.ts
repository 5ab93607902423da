import { readdir, realpath } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { ServingError } from '../model/error.ts';

/**
 * Makes sure that nothing in a version's directory is a link out of the repository, the folder that the directory is in: who may copy models
 * there may not have the server read, and serve, whatever else it can. Where the repository itself is, through however many links,
 * does not matter: git-sync and Kubernetes publish what they have fetched by swapping one. That a link is not swapped after this is the
 * fingerprint's to see.
 * @throws ServingError `failed-precondition`, with the link and where it leads
 */
export async function checkLinks(directory: string): Promise<void> {
  const repository = await resolved(dirname(directory));
  const root = await resolved(directory);
  if (repository === undefined || root === undefined) return;
  if (!isWithin(root, repository)) throw leadsOut(directory, root, repository);
  await checkFolder(root, directory, repository, new Set());
}

/**
 * @param folder without links in its path
 * @param shown how its user knows it
 * @param visited folders that have been looked at: links may go round
 */
async function checkFolder(folder: string, shown: string, repository: string, visited: Set<string>): Promise<void> {
  if (visited.has(folder)) return;
  visited.add(folder);
  // What cannot be looked at cannot be read either, and is told by who tries.
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const path = join(shown, entry.name);
    if (entry.isDirectory()) await checkFolder(join(folder, entry.name), path, repository, visited);
    if (!entry.isSymbolicLink()) continue;
    const target = await resolved(join(folder, entry.name));
    if (target === undefined) continue;
    if (!isWithin(target, repository)) throw leadsOut(path, target, repository);
    await checkFolder(target, path, repository, visited);
  }
}

/** @returns undefined for what is not there, or leads round and round */
async function resolved(path: string): Promise<string | undefined> {
  return realpath(path).catch(() => undefined);
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === sep ? sep : folder + sep);
}

function leadsOut(path: string, target: string, repository: string): ServingError {
  return new ServingError(
    'failed-precondition',
    `A link leads out of the repository - Expected: links within ${repository}; Actual: ${path} leads to ${target}`,
  );
}
