import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import koffi from 'koffi';

const run = promisify(execFile);

/** Linux's CLONE_NEWNET. */
const newNetwork = 0x4000_0000;

/**
 * Puts this process, with all it opens and starts from here on, into a network of its own, of which nothing leads out. It goes
 * when the last process in it ends. What was opened before stays where it was.
 * @param addresses networks of which every address is this machine's own in there: `10.244.0.0/16`
 * @throws Error where the process may not
 */
export async function enterOwnNetwork(addresses: readonly string[]): Promise<void> {
  const unshare = koffi.load(null).func('int unshare(int flags)');
  // Of the thread that calls it; sockets and processes are made by this one alone.
  if (unshare(newNetwork) !== 0) throw new Error('A network of its own needs Linux, and root.');
  await run('ip', ['link', 'set', 'lo', 'up']);
  for (const network of addresses) await run('ip', ['route', 'add', 'local', network, 'dev', 'lo']);
}
