import { parse } from 'yaml';

/** A value that users may set. */
export interface Value {
  /** `image.repository` is `['image', 'repository']`. */
  readonly path: readonly string[];
  readonly default: unknown;
  readonly description: string;
}

const tableStart = '<!-- values: written by scripts/generate-chart.ts -->\n';
const tableEnd = '<!-- /values -->\n';

/**
 * All values of a values.yaml in its order. The comment right above a value describes it, from `# --` on; what lies inside a
 * described value is part of its default.
 * @throws if a value without values inside has no description
 */
export function readValues(text: string): readonly Value[] {
  const all: Value[] = [];
  const descriptions = readDescriptions(text);
  const visit = (value: unknown, path: readonly string[]): void => {
    const description = descriptions.get(path.join('.'));
    if (description !== undefined) {
      all.push({ path, default: value, description });
    } else if (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0) {
      for (const [key, inner] of Object.entries(value)) visit(inner, [...path, key]);
    } else {
      throw new Error(`values.yaml: ${path.join('.')} has no description: begin a comment above it with "# --"`);
    }
  };
  visit(parse(text), []);
  return all;
}

function readDescriptions(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const path: { readonly indent: number; readonly key: string }[] = [];
  let comment: string[] = [];
  for (const line of text.split('\n')) {
    const words = /^\s*# ?(.*)$/.exec(line)?.[1];
    if (words !== undefined) {
      if (words.startsWith('-- ')) comment = [words.slice(3)];
      else if (comment.length > 0) comment.push(words);
      continue;
    }
    const [, spaces, key] = /^( *)([A-Za-z]\w*):/.exec(line) ?? [];
    if (spaces !== undefined && key !== undefined) {
      while (path.length > 0 && path.at(-1)!.indent >= spaces.length) path.pop();
      path.push({ indent: spaces.length, key });
      if (comment.length > 0) found.set(path.map((step) => step.key).join('.'), comment.join(' '));
    }
    comment = [];
  }
  return found;
}

export function renderValuesTable(values: readonly Value[]): string {
  const rows = values.map((value) => {
    const shown = JSON.stringify(value.default);
    return `| \`${value.path.join('.')}\` | \`${shown}\` | ${value.description.replaceAll('|', '\\|')} |\n`;
  });
  return `| Value | Default | |\n|---|---|---|\n${rows.join('')}`;
}

/** @returns the text of a README with this table between its marks */
export function replaceValuesTable(readme: string, table: string): string {
  const start = readme.indexOf(tableStart);
  const end = readme.indexOf(tableEnd);
  if (start < 0 || end < start) throw new Error(`the README has no place for the values: ${tableStart}${tableEnd}`);
  return readme.slice(0, start + tableStart.length) + table + readme.slice(end);
}
