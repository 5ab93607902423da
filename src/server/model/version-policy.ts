/** Which of a model's versions are to be served. */
export type VersionPolicy =
  | { readonly kind: 'latest'; readonly count: number }
  | { readonly kind: 'all' }
  | { readonly kind: 'specific'; readonly versions: readonly number[] };

export const latestOnly: VersionPolicy = { kind: 'latest', count: 1 };

export interface Selection {
  /** The versions that the policy picks of those that did not fail, and those that were asked for besides; ascending. */
  readonly target: readonly number[];
  /** Those, and the failures in whose stead some of them stand: they would be picked if they had not failed. */
  readonly inLine: readonly number[];
}

/**
 * Applies a policy; where it picks what failed, it is applied to the rest.
 * @param candidates version numbers in any order: those on disk
 * @param failed those that turned out not to load
 * @param besides those to serve whatever the policy picks
 */
export function selectVersions(
  policy: VersionPolicy,
  candidates: readonly number[],
  failed: ReadonlySet<number>,
  besides: ReadonlySet<number>,
): Selection {
  let left = policy.kind === 'latest' ? policy.count : Number.POSITIVE_INFINITY;
  const target: number[] = [];
  const inLine: number[] = [];
  for (const version of [...new Set(candidates)].sort((a, b) => b - a)) {
    const isPicked = left > 0 && (policy.kind !== 'specific' || policy.versions.includes(version));
    if (!isPicked && !besides.has(version)) continue;
    inLine.push(version);
    if (failed.has(version)) continue;
    target.push(version);
    if (isPicked) left--;
  }
  return { target: target.reverse(), inLine: inLine.reverse() };
}
