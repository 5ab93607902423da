/** Version directories among a base path's entries, and what else looks as if it were meant to be one. */
export interface ScannedNames {
  readonly versions: readonly { readonly version: number; readonly name: string }[];
  readonly ignored: readonly string[];
}

/**
 * Versions are directories whose whole name is a positive number. Of several that are the same number (`1` and `001`) the
 * shortest counts. Hidden entries are nobody's mistake and not told.
 */
export function scanNames(names: readonly string[]): ScannedNames {
  const versions = new Map<number, string>();
  const ignored: string[] = [];
  for (const name of [...names].sort((a, b) => a.length - b.length || (a < b ? -1 : 1))) {
    const version = /^\d+$/.test(name) ? Number(name) : 0;
    if (Number.isSafeInteger(version) && version > 0 && !versions.has(version)) versions.set(version, name);
    else if (!name.startsWith('.')) ignored.push(name);
  }
  return { versions: [...versions].map(([version, name]) => ({ version, name })), ignored };
}
