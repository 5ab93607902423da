import { latestOnly, type VersionPolicy } from '../model/version-policy.ts';
import { isInteger, isObject, type Problems } from './problems.ts';

const expected = 'one of {"latest": {"num_versions": N}}, {"specific": {"versions": [N, …]}}, {"all": {}}';

/** A `model_version_policy`, as config.json and the command line write it. Anything wrong is added to the problems. */
export function readVersionPolicy(value: unknown, path: string, problems: Problems): VersionPolicy {
  const wrong = () => {
    problems.add(path, expected, value);
    return latestOnly;
  };
  if (!isObject(value)) return wrong();
  const entries = Object.entries(value);
  const [kind, details] = entries[0] ?? [];
  if (entries.length !== 1 || !isObject(details)) return wrong();
  switch (kind) {
    case 'all':
      return Object.keys(details).length === 0 ? { kind } : wrong();
    case 'latest': {
      const { num_versions: count, ...rest } = details;
      return isInteger(count, 1) && Object.keys(rest).length === 0 ? { kind, count } : wrong();
    }
    case 'specific': {
      const { versions, ...rest } = details;
      if (!Array.isArray(versions) || !versions.length || Object.keys(rest).length) return wrong();
      return versions.every((version) => isInteger(version, 1)) ? { kind, versions } : wrong();
    }
    default:
      return wrong();
  }
}
