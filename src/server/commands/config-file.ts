import { open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** What rights a new file has, less what the process withholds. */
const usualMode = 0o666;

/** The file that a path means: in a folder, its config.json. */
export async function configFileAt(path: string): Promise<string> {
  return (await modeOf(path))?.isDirectory ? join(path, 'config.json') : path;
}

/**
 * Puts another text in the place of a file's: those who read it meanwhile see the one or the other, never half of one.
 * @param edit is given what it holds, undefined if it is not there
 */
export async function rewriteFile(path: string, edit: (text: string | undefined) => string): Promise<void> {
  const before = await modeOf(path);
  // A link goes on pointing to the file.
  const target = before ? await realpath(path) : path;
  const text = edit(before ? await readFile(target, 'utf8') : undefined);
  const draft = join(dirname(target), `.${basename(target)}.${process.pid}.tmp`);
  try {
    const file = await open(draft, 'wx', before?.mode ?? usualMode);
    try {
      if (before) await file.chmod(before.mode);
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** Undefined if there is nothing. */
async function modeOf(path: string): Promise<{ mode: number; isDirectory: boolean } | undefined> {
  try {
    const found = await stat(path);
    return { mode: found.mode & 0o7777, isDirectory: found.isDirectory() };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
