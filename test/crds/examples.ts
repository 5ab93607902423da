import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** A ModelServer as somebody wrote it; nothing is defaulted. */
export interface Written {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

export interface Example {
  /** Without its ending. */
  readonly file: string;
  readonly object: Written;
}

export interface InvalidExample extends Example {
  /** The one field that the API server's answer must name. */
  readonly field: string;
  /** Part of what it must say of it. */
  readonly says: string;
}

export const validExamples = (): Example[] => read('valid').map(({ file, object }) => ({ file, object }));

/** Their files begin with `# field:` and `# says:`. */
export function invalidExamples(): InvalidExample[] {
  return read('invalid').map(({ file, text, object }) => {
    const { field, says } = /^# field: (?<field>.+)\n# says: (?<says>.+)\n/.exec(text)?.groups ?? {};
    if (!field || !says) throw new Error(`test/crds/invalid/${file}.yaml does not begin with # field: and # says:`);
    return { file, object, field, says };
  });
}

function read(folder: 'valid' | 'invalid'): (Example & { readonly text: string })[] {
  const directory = join(import.meta.dirname, folder);
  return readdirSync(directory)
    .toSorted()
    .map((name) => {
      const text = readFileSync(join(directory, name), 'utf8');
      return { file: name.replace(/\.yaml$/, ''), text, object: parseAsKubectl(text) };
    });
}

/** kubectl reads YAML 1.1, where a bare YES is a boolean. */
export function parseAsKubectl(text: string): Written {
  return parse(text, { schema: 'yaml-1.1' });
}
