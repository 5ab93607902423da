/** Which of a model's versions are to be served. */
export type VersionPolicy =
  | { readonly kind: 'latest'; readonly count: number }
  | { readonly kind: 'all' }
  | { readonly kind: 'specific'; readonly versions: readonly number[] };

export const latestOnly: VersionPolicy = { kind: 'latest', count: 1 };

/**
 * The versions that the policy picks, ascending.
 * @param candidates version numbers in any order: those on disk, less those that turned out not to load
 */
export function selectVersions(policy: VersionPolicy, candidates: readonly number[]): number[] {
  const ascending = [...new Set(candidates)].sort((a, b) => a - b);
  switch (policy.kind) {
    case 'latest':
      return ascending.slice(-policy.count);
    case 'all':
      return ascending;
    case 'specific':
      return ascending.filter((version) => policy.versions.includes(version));
  }
}
