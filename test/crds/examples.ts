import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

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

/** The ModelServers that readers are shown whole, in documents of Markdown and as files; and what others are converted to. */
export function shownExamples(): Example[] {
  const root = join(import.meta.dirname, '../..');
  const files = [
    'README.md',
    ...['docs', 'examples', 'charts', 'test/fixtures/convert'].flatMap((folder) => filesIn(root, folder)),
  ];
  return files.flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    const pieces = file.endsWith('.md')
      ? [...text.matchAll(/^```ya?ml\n(.*?)^```$/gms)].map(([, yaml]) => yaml!)
      : [text];
    return pieces
      .filter((piece) => /^apiVersion: modelserver\.dev\//m.test(piece))
      .flatMap((piece) => parseAllDocuments(piece, { schema: 'yaml-1.1' }))
      .map((document): Written => document.toJS())
      .filter((object) => object?.kind === 'ModelServer')
      .map((object) => ({ file: `${file}, ${object.metadata.name}`, object }));
  });
}

function filesIn(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(md|yaml)$/.test(name) && !name.includes('node_modules') && !name.includes('templates/'))
    .map((name) => join(folder, name))
    .toSorted();
}

/** kubectl reads YAML 1.1, where a bare YES is a boolean. */
export function parseAsKubectl(text: string): Written {
  return parse(text, { schema: 'yaml-1.1' });
}
