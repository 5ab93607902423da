import { createHash } from 'node:crypto';

/**
 * Stands for the text of a config.json: the first ten digits that `sha256sum` has for the file. The operator compares its own with
 * what servers tell, which may be of another release: it must stay the same for good.
 */
export function configRevision(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 10);
}

/**
 * Headers by which a server of a config file tells with GetModelStatus, in the initial metadata, which config the answer is by:
 * - `inForce`: the revision by which the model is served, or is told to fail; `none` before the first.
 * - `refused`: that of the file as it is now, only where it has problems.
 */
export const configHeaders = { inForce: 'modelserver-config-revision', refused: 'modelserver-config-refused' } as const;
