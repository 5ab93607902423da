/** JSON with its numbers as they are written, NaN and Infinity among them: JSON.parse rounds them, or refuses. */
export type ExactJson = ExactNumber | string | boolean | null | ExactJson[] | { readonly [name: string]: ExactJson };

export class ExactNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const token = /"(?:[^"\\]|\\.)*"|-?(?:Infinity|\d[\d.eE+-]*)|NaN/g;

export function parseExactJson(text: string): ExactJson {
  // Numbers become texts that begin with #, and texts get something else in front.
  const marked = text.replace(token, (found) => (found.startsWith('"') ? `"$${found.slice(1)}` : `"#${found}"`));
  return unmarked(JSON.parse(marked));
}

function unmarked(value: unknown): ExactJson {
  if (typeof value === 'string') return value.startsWith('#') ? new ExactNumber(value.slice(1)) : value.slice(1);
  if (Array.isArray(value)) return value.map(unmarked);
  if (value === null || typeof value !== 'object') return value as boolean | null;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name.slice(1), unmarked(member)]));
}
