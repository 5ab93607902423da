import type { VersionPolicy } from '../model/version-policy.ts';
import { isInteger, isObject, type Problems } from './problems.ts';

/**
 * A `version_labels`: versions by their labels. Anything wrong is added to the problems.
 * @param policy of the same model: one that names its versions has to name those with a label
 */
export function readVersionLabels(
  value: unknown,
  path: string,
  policy: VersionPolicy,
  problems: Problems,
): ReadonlyMap<string, number> {
  const labels = new Map<string, number>();
  if (!isObject(value)) {
    problems.add(path, 'an object of versions by their labels', value);
    return labels;
  }
  for (const [label, version] of Object.entries(value)) {
    const at = `${path}.${label}`;
    if (label === '') problems.add(path, 'labels that are not empty', label);
    else if (!isInteger(version, 1)) problems.add(at, 'a version, which is an integer ≥ 1', version);
    else if (policy.kind === 'specific' && !policy.versions.includes(version)) {
      problems.add(at, `one of the versions that the policy names (${policy.versions.join(', ')})`, version);
    } else labels.set(label, version);
  }
  return labels;
}
