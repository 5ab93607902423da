import { readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { findModelFiles } from '../engine/model-files.ts';

/** Folders in folders: deeper than any repository is laid out. */
const deepest = 16;

/**
 * The models in a repository, by their paths in it: folders with a version's folder, whose name is a number, that holds a model.
 * @throws the file system's error if the repository cannot be read
 */
export async function listModels(repository: string): Promise<string[]> {
  const models: string[] = [];
  const visit = async (folder: string, name: string, around: readonly string[]): Promise<void> => {
    const place = await realpath(folder);
    // A link may lead back to where one came from.
    if (around.includes(place) || around.length === deepest) return;
    const children = (await readdir(folder)).filter((child) => !child.startsWith('.')).sort();
    if (name !== '' && (await hasVersion(folder, children))) {
      models.push(name);
      return;
    }
    for (const child of children) {
      await visit(join(folder, child), name === '' ? child : `${name}/${child}`, [...around, place]).catch(ignore);
    }
  };
  await visit(repository, '', []);
  return models.sort();
}

async function hasVersion(folder: string, children: readonly string[]): Promise<boolean> {
  for (const child of children) {
    if (!/^0*[1-9]\d*$/.test(child)) continue;
    try {
      await findModelFiles(join(folder, child));
      return true;
    } catch {
      // Another version may hold one.
    }
  }
  return false;
}

/** Files, and folders that are not ours to read, hold no models. */
function ignore(): void {}
