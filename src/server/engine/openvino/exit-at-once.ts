import koffi from 'koffi';

/**
 * Ends the process without waiting for its threads, as Node's own way to end does: one of them may be in an inference that takes
 * minutes, or at a file system that answers no more. For main.ts alone, which owns the end; it stands here because koffi does.
 */
export function exitAtOnce(code: number): never {
  koffi.load(null).func('void _exit(int status)')(code);
  throw new Error('the process has ended');
}
