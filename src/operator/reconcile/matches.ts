/**
 * Whether `live` has all that `wanted` says. What it has beside is Kubernetes' defaults, or other people's: with server-side
 * apply, fields that nobody applied stay as they are. That a field was applied before and is not wanted any more shows in the
 * hash that each child carries. It knows the usual forms in which the API server writes what it was told in another one;
 * `ChildMemory` has the rest.
 */
export function matches(wanted: unknown, live: unknown): boolean {
  return matchesIn(wanted, live, '');
}

/** @param field the one that both lie in; for a list's entries, the list's */
function matchesIn(wanted: unknown, live: unknown, field: string): boolean {
  if (live === undefined || live === null) return isLeftOut(wanted, field);
  if (Array.isArray(wanted)) return Array.isArray(live) && listMatches(wanted, live, field);
  if (isObject(wanted)) {
    if (!isObject(live) || (isSelector(field) && !sameKeys(wanted, live))) return false;
    return Object.entries(wanted).every(([key, value]) =>
      holdsQuantities(field) && isScalar(value) ? sameQuantity(value, live[key]) : matchesIn(value, live[key], key),
    );
  }
  // `1` and `"1"` are the same where a field takes both.
  return wanted === live || (isScalar(wanted) && isScalar(live) && String(wanted) === String(live));
}

/** Lists of named things may hold others' entries as well; other lists are of one piece. */
function listMatches(wanted: readonly unknown[], live: readonly unknown[], field: string): boolean {
  const key = uniqueKey(wanted);
  if (!key) return wanted.length === live.length && wanted.every((entry, i) => matchesIn(entry, live[i], field));
  const byKey = new Map(live.map((entry) => [isObject(entry) ? entry[key] : undefined, entry]));
  return wanted.every((entry) => matchesIn(entry, byKey.get((entry as Record<string, unknown>)[key]), field));
}

/** What Kubernetes' own types are keyed by, in the lists that we apply, the most telling one last. */
const keys = ['name', 'mountPath', 'uid'] as const;

function uniqueKey(entries: readonly unknown[]): string | undefined {
  return keys.findLast((key) => {
    const values = entries.map((entry) => (isObject(entry) ? entry[key] : undefined));
    return values.length > 0 && !values.includes(undefined) && new Set(values).size === values.length;
  });
}

/** A selector selects by all it has: one key more is another selector. */
function isSelector(field: string): boolean {
  return field === 'selector' || field === 'matchLabels' || field === 'nodeSelector';
}

function sameKeys(a: object, b: object): boolean {
  return Object.keys(a).length === Object.keys(b).length;
}

const maps = ['limits', 'requests', 'nodeSelector', 'matchLabels', 'labels', 'annotations'];

/** What the API server says by not saying it. Elsewhere a field that is absent may stand for anything but zero. */
function isLeftOut(wanted: unknown, field: string): boolean {
  if (wanted === undefined || wanted === null) return true;
  if (Array.isArray(wanted)) return wanted.length === 0;
  if (isObject(wanted)) return maps.includes(field) && Object.keys(wanted).length === 0;
  if (wanted === false) return field === 'paused' || field === 'readOnly';
  return wanted === '' && field === 'value';
}

/** Where the API server writes quantities in a form of its own: `1000m` of a CPU as `1`. */
function holdsQuantities(field: string): boolean {
  return ['limits', 'requests', 'target', 'emptyDir', 'resourceFieldRef'].includes(field);
}

function sameQuantity(wanted: string | number, live: unknown): boolean {
  const amount = quantity(wanted);
  return String(wanted) === String(live) || (amount !== undefined && amount === quantity(live));
}

const decimal = { n: 1e-9, u: 1e-6, m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 };
const binary = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 };
const factors: Readonly<Record<string, number>> = { '': 1, ...decimal, ...binary };

/** To 12 digits, beyond which numbers are not exact; undefined if it is no quantity. */
function quantity(value: unknown): number | undefined {
  const match = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)([numkMGTPE]|[KMGTPE]i)?$/.exec(String(value));
  const amount = match ? Number(match[1]) * factors[match[2] ?? '']! : Number.NaN;
  return Number.isNaN(amount) ? undefined : Number(amount.toPrecision(12));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isScalar(value: unknown): value is string | number {
  return ['string', 'number'].includes(typeof value);
}
