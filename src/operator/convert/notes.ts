/** Something of the old resource that the new one does not say, or says in another way. */
export interface Note {
  /** `namespace/name` of the resource. */
  readonly resource: string;
  /** Path below `spec` of the old resource, or `metadata.…`. */
  readonly field: string;
  /** What was there, in one printable line; never a secret. */
  readonly value: string;
  /** What it means here, or what to do. */
  readonly advice: string;
  /** Whether something is left to do for a person; else it is good to know. */
  readonly todo: boolean;
}

/** Notes on one resource. */
export class Notes {
  readonly list: Note[] = [];
  readonly #resource: string;

  constructor(resource: string) {
    this.#resource = resource;
  }

  /** Something that could not be carried over, or needs a hand. */
  todo(field: string, value: unknown, advice: string): void {
    this.#add(field, printable(value), advice, true);
  }

  /** Something that is different here without anybody's doing. */
  tell(field: string, value: unknown, advice: string): void {
    this.#add(field, printable(value), advice, false);
  }

  /** A secret that could not be carried over. */
  secret(field: string, advice: string): void {
    this.#add(field, hidden, advice, true);
  }

  #add(field: string, value: string, advice: string, todo: boolean): void {
    this.list.push({ resource: this.#resource, field, value, advice, todo });
  }
}

/** What stands for a value that is nobody's business. */
export const hidden = '(hidden)';

/** Characters of a value that are shown. */
const longestValue = 120;

/** What may end a line for one reader of YAML or another, or move a terminal's cursor. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** A value in one line, without what a URL may hold of secrets. */
export function printable(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  const clean = text
    .replace(/:\/\/[^/@\s]*@/g, `://${hidden}@`)
    .replace(/(:\/\/[^\s?]*)\?\S*/g, `$1?${hidden}`)
    .replace(unprintable, '?');
  const cut = clean.length <= longestValue ? clean : `${clean.slice(0, longestValue - 1).toWellFormed()}…`;
  return cut === '' ? '""' : cut;
}

/** The notes as comments for the top of a document. */
export function asComments(notes: readonly Note[]): string {
  const lines = ['# Converted from intel.com/v1alpha1.'];
  for (const [title, todo] of [
    ['Left to do:', true],
    ['Good to know:', false],
  ] as const) {
    const chosen = notes.filter((note) => note.todo === todo);
    if (chosen.length > 0) lines.push(`# ${title}`);
    for (const { field, value, advice } of chosen) {
      lines.push(`# - ${field}: ${value}`, ...wrap(advice, lineWidth - 4).map((line) => `#   ${line}`));
    }
  }
  return `${lines.join('\n')}\n`;
}

const lineWidth = 100;

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
