import type { Flag } from './flags.ts';

/** Flags by name, as the user wrote their values; and everything that is wrong with the command line. */
export interface Arguments {
  readonly values: ReadonlyMap<string, string>;
  readonly problems: readonly string[];
}

/**
 * Reads `--flag value` and `--flag=value`; a boolean flag may stand alone for `true`.
 * @param argv what follows the program's name
 */
export function parseArguments(argv: readonly string[], flags: ReadonlyMap<string, Flag>): Arguments {
  const values = new Map<string, string>();
  const problems: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!;
    if (word === '-h') {
      values.set('help', 'true');
      continue;
    }
    if (!word.startsWith('--')) {
      problems.push(`unexpected argument "${word}": flags begin with --`);
      continue;
    }
    const equals = word.indexOf('=');
    const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
    const flag = flags.get(name);
    let value = equals < 0 ? undefined : word.slice(equals + 1);
    const next = argv[i + 1];
    if (value === undefined && next !== undefined && takesNext(flag, next)) {
      value = next;
      i++;
    }
    if (!flag) {
      problems.push(`unknown flag --${name}${suggestion(name, [...flags.keys()])}`);
    } else if (values.has(name)) {
      problems.push(`--${name} is given twice`);
    } else if (value === undefined && flag.type !== 'boolean' && flag.bare === undefined) {
      problems.push(`--${name} needs a value`);
    } else {
      values.set(name, value ?? flag.bare ?? 'true');
    }
  }
  return { values, problems };
}

function takesNext(flag: Flag | undefined, next: string): boolean {
  if (flag?.type === 'boolean') return next === 'true' || next === 'false';
  return !next.startsWith('--');
}

/** ` (did you mean --x?)` where a known name is close, else nothing. */
export function suggestion(name: string, known: readonly string[]): string {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(name, candidate);
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best ? ` (did you mean --${best}?)` : '';
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
