/** Without what is undefined, and without objects that have nothing; undefined if nothing is left. */
export function present(fields: Readonly<Record<string, unknown>>): Record<string, unknown> | undefined {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

/** The value, unless it is what the new resource has by default. */
export function unless<T>(value: T | undefined, standard: T): T | undefined {
  return value === standard ? undefined : value;
}
