import assert from 'node:assert/strict';
import { test } from 'node:test';
import { selectVersions, type VersionPolicy } from './version-policy.ts';

const latest = (count: number): VersionPolicy => ({ kind: 'latest', count });
const specific = (...versions: number[]): VersionPolicy => ({ kind: 'specific', versions });
const cases: [
  policy: VersionPolicy,
  onDisk: number[],
  failed: number[],
  target: number[],
  inLine: number[],
  besides?: number[],
][] = [
  [latest(1), [], [], [], []],
  [latest(1), [2, 10, 1], [], [10], [10]],
  [latest(2), [1, 2, 3], [], [2, 3], [2, 3]],
  [latest(1), [1, 2, 3], [3], [2], [2, 3]],
  [latest(1), [1, 2, 3], [2, 3], [1], [1, 2, 3]],
  [latest(1), [1, 2, 3], [1, 2, 3], [], [1, 2, 3]],
  [latest(1), [1, 2, 3], [1, 2], [3], [3]],
  [latest(2), [1, 2, 3, 4], [3], [2, 4], [2, 3, 4]],
  [{ kind: 'all' }, [2, 1], [2], [1], [1, 2]],
  [specific(3, 1, 9), [1, 2, 3], [], [1, 3], [1, 3]],
  [specific(3, 1), [1, 2, 3], [3], [1], [1, 3]],
  [latest(1), [1, 2, 3], [], [1, 3], [1, 3], [1]],
  [latest(1), [1, 2, 3], [], [3], [3], [3]],
  [latest(1), [2, 3], [], [3], [3], [1]],
  [latest(1), [1, 2, 3], [3], [1, 2], [1, 2, 3], [1]],
  [latest(1), [1, 2, 3], [1], [3], [1, 3], [1]],
  [latest(2), [1, 2, 3, 4], [], [1, 3, 4], [1, 3, 4], [1, 4]],
  [{ kind: 'all' }, [1, 2], [], [1, 2], [1, 2], [1]],
];

for (const [policy, onDisk, failed, target, inLine, besides = []] of cases) {
  const what = `${JSON.stringify(policy)}${besides.length > 0 ? ` and ${besides}` : ''}`;
  test(`${what} of ${onDisk}, of which ${failed.length > 0 ? failed : 'none'} failed`, () => {
    assert.deepEqual(selectVersions(policy, onDisk, new Set(failed), new Set(besides)), { target, inLine });
  });
}
