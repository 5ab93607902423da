import { configHeaders } from '../../shared/config-revision.ts';
import type { VersionStatus } from '../model/version-status.ts';
import type { CallContext } from '../observe/call-context.ts';

/** What the config file says now, where that is not in force. */
export interface ConfigRefusal {
  /** Why; none if it has no problems, or if there is no such file. */
  readonly problems: () => readonly string[];
  /** The revision of what is refused. */
  readonly refused: () => string | undefined;
}

/** A file with problems has as many as one likes; the log has all of them. */
const mostProblems = 3;

/**
 * What serves by a config that the file does not say any more tells so, as a version does whose changed files do not load: a
 * caller who looks only at the states would take the new config for served.
 */
export function toldOfConfig(
  statuses: readonly VersionStatus[],
  problems: readonly string[],
): readonly VersionStatus[] {
  if (problems.length === 0) return statuses;
  const more = problems.length > mostProblems ? [`and ${problems.length - mostProblems} more`] : [];
  const told = [...problems.slice(0, mostProblems), ...more].join('; ');
  const errorMessage = `The config file has problems; what it said before stays in force - ${told}`;
  return statuses.map((status) =>
    status.state === 'AVAILABLE' && status.errorCode === 'OK'
      ? { ...status, errorCode: 'UNKNOWN', errorMessage }
      : status,
  );
}

/** For those who wrote the config, and wait until it is in force: what serves may look the same before and after. */
export function tellRevisions(call: CallContext, inForce: string | undefined, refused: string | undefined): void {
  if (inForce !== undefined) call.tell?.(configHeaders.inForce, inForce);
  if (refused !== undefined) call.tell?.(configHeaders.refused, refused);
}
