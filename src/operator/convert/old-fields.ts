import type { Notes } from './notes.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Characters of most names in Kubernetes. */
const longestName = 253;

/** Names of fields whose values may be secrets, also where nobody knows the field. */
const secretName = /key|secret|token|passw|credential|connection|auth|sas/i;

/**
 * The fields of an old spec, read by their paths. Values are taken as people and Helm wrote them: numbers in quotes, `yes` for
 * true, empty strings for nothing. What has not been read in the end is what the conversion does not know.
 */
export class OldFields {
  readonly #spec: Fields;
  readonly #notes: Notes;
  readonly #read = new Set<string>();

  constructor(spec: Fields, notes: Notes) {
    this.#spec = spec;
    this.#notes = notes;
  }

  /** Whether anything is there; empty text, null and empty objects are nothing. */
  has(path: string): boolean {
    return !isEmpty(this.value(path));
  }

  value(path: string): unknown {
    this.#read.add(path);
    let value: unknown = this.#spec;
    for (const name of path.split('.')) value = isFields(value) ? value[name] : undefined;
    return value;
  }

  /** @param most characters; what is longer is left to do */
  text(path: string, most = longestName): string | undefined {
    const value = this.value(path);
    if (isEmpty(value)) return undefined;
    if (['string', 'number', 'boolean'].includes(typeof value)) {
      const text = String(value).trim();
      if (text.length <= most) return text;
      this.#notes.todo(path, value, `At most ${most} characters are allowed here; write a shorter one by hand.`);
      return undefined;
    }
    this.#notes.todo(path, value, 'This is no text; write what was meant by hand.');
    return undefined;
  }

  /** A whole number of a range. */
  integer(path: string, least: number, most: number): number | undefined {
    const text = this.text(path);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (/^[+-]?\d+$/.test(text) && value >= least && value <= most) return value;
    this.#notes.todo(path, text, `This must be a whole number from ${least} to ${most}; write one by hand.`);
    return undefined;
  }

  boolean(path: string): boolean | undefined {
    const text = this.text(path)?.toLowerCase();
    if (text === undefined) return undefined;
    if (['true', 'yes', 'on'].includes(text)) return true;
    if (['false', 'no', 'off'].includes(text)) return false;
    this.#notes.todo(path, text, 'This must be true or false; write one by hand.');
    return undefined;
  }

  object(path: string): Fields | undefined {
    const value = this.value(path);
    if (isEmpty(value)) return undefined;
    if (isFields(value)) return value;
    this.#notes.todo(path, value, 'This is no object; write what was meant by hand.');
    return undefined;
  }

  /** An object that was written as a text of JSON, as the old resource had them, or as what it is. */
  json(path: string): Fields | undefined {
    const value = this.value(path);
    if (typeof value !== 'string') return this.object(path);
    if (value.trim() === '') return undefined;
    try {
      const parsed: unknown = JSON.parse(value);
      if (isFields(parsed)) return parsed;
    } catch {}
    this.#notes.todo(path, value, 'This is no JSON object; write what was meant by hand.');
    return undefined;
  }

  /** Notes what nobody has asked for. */
  tellUnread(): void {
    for (const [path, value] of leaves(this.#spec, '', this.#read)) {
      const advice = 'The conversion does not know this field; write by hand what it stood for.';
      if (secretName.test(path) || typeof value === 'object') this.#notes.secret(path, advice);
      else this.#notes.todo(path, value, advice);
    }
  }
}

/** What is there below `path` and was not read, nor is part of what was. */
function leaves(fields: Fields, path: string, read: ReadonlySet<string>): [path: string, value: unknown][] {
  return Object.entries(fields).flatMap(([name, value]): [string, unknown][] => {
    const inner = path === '' ? name : `${path}.${name}`;
    if (read.has(inner) || isEmpty(value)) return [];
    if (!isFields(value)) return [[inner, value]];
    // Where something below is known, the rest is told field by field; an object that nobody knows is told as a whole.
    const isKnown = [...read].some((other) => other.startsWith(`${inner}.`));
    return isKnown ? leaves(value, inner, read) : [[inner, value]];
  });
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value === 'string') return value.trim() === '';
  return typeof value === 'object' && Object.keys(value).length === 0;
}
