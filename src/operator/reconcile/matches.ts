/**
 * Whether `live` has all that `wanted` says. What it has beside is Kubernetes' defaults, or other people's: with server-side
 * apply, fields that nobody applied stay as they are. That a field was applied before and is not wanted any more shows in the
 * hash that each child carries.
 */
export function matches(wanted: unknown, live: unknown): boolean {
  if (Array.isArray(wanted)) return listMatches(wanted, Array.isArray(live) ? live : []);
  if (typeof wanted === 'object' && wanted !== null) {
    if (typeof live !== 'object' || live === null || Array.isArray(live)) return isEmpty(wanted) && live === undefined;
    return Object.entries(wanted).every(([key, value]) => {
      const other = (live as Record<string, unknown>)[key];
      return isSelector(key) ? sameKeys(value, other) && matches(value, other) : matches(value, other);
    });
  }
  return wanted === live || (isScalar(wanted) && isScalar(live) && String(wanted) === String(live));
}

/**
 * What `live` says where `wanted` says something: the API server writes some values in a form of its own (1000m of a CPU as 1),
 * and admission may change others.
 */
export function project(wanted: unknown, live: unknown): unknown {
  if (Array.isArray(wanted)) {
    if (!Array.isArray(live)) return live;
    const keyOf = entryKey(wanted);
    return wanted.map((entry, i) => project(entry, keyOf ? live.find((e) => keyOf(e) === keyOf(entry)) : live[i]));
  }
  if (!isObject(wanted) || !isObject(live)) return live;
  return Object.fromEntries(Object.entries(wanted).map(([key, value]) => [key, project(value, live[key])]));
}

/** Lists of named things may hold others' entries as well; other lists are of one piece. */
function listMatches(wanted: readonly unknown[], live: readonly unknown[]): boolean {
  const keyOf = entryKey(wanted);
  if (!keyOf) return wanted.length === live.length && wanted.every((entry, i) => matches(entry, live[i]));
  const byKey = new Map(live.map((entry) => [keyOf(entry), entry]));
  return wanted.every((entry) => matches(entry, byKey.get(keyOf(entry))));
}

/** What Kubernetes' own types are keyed by, in the lists that we apply. */
const keys = ['name', 'mountPath', 'uid', 'topologyKey'] as const;

function entryKey(entries: readonly unknown[]): ((entry: unknown) => unknown) | undefined {
  const key = keys.findLast((name) => entries.length > 0 && entries.every((entry) => isObject(entry) && name in entry));
  return key && ((entry) => (isObject(entry) ? entry[key] : undefined));
}

/** A selector selects by all it has: one key more is another selector. */
function isSelector(key: string): boolean {
  return key === 'selector' || key === 'matchLabels' || key === 'nodeSelector';
}

function sameKeys(a: unknown, b: unknown): boolean {
  return isObject(a) && isObject(b) && Object.keys(a).length === Object.keys(b).length;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isEmpty(value: object): boolean {
  return Object.keys(value).length === 0;
}

/** `1` and `"1"` are the same where a field takes both. */
function isScalar(value: unknown): boolean {
  return ['string', 'number'].includes(typeof value);
}
