import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const importLine =
  /^\s*(?:import|export)\s(?:[^'"]*?\sfrom\s)?['"]([^'".][^'"]*)['"]|\bimport\(\s*['"]([^'".][^'"]*)['"]\s*\)/gm;

/**
 * The npm packages that some source files need at run time, with those that these need in turn.
 * @param root has the package.json and node_modules
 * @returns their folders, relative to the root, sorted; without those that have types only
 * @throws Error if one is not installed
 */
export function productionPackages(root: string, files: readonly string[]): string[] {
  const { dependencies = {} } = readManifest(root);
  const imported = new Set(files.flatMap((file) => importedPackages(readFileSync(join(root, file), 'utf8'))));
  const found = new Set<string>();
  const visit = (from: string, name: string, isOptional: boolean) => {
    if (name.startsWith('@types/')) return;
    const folder = locate(root, from, name);
    if (!folder && !isOptional) throw new Error(`${relative(root, from) || 'package.json'} needs ${name}: run npm ci`);
    if (!folder || found.has(folder)) return;
    found.add(folder);
    const manifest = readManifest(folder);
    const optional = { ...manifest.optionalDependencies, ...manifest.peerDependencies };
    for (const each of Object.keys(manifest.dependencies ?? {})) visit(folder, each, each in optional);
    for (const each of Object.keys(optional)) visit(folder, each, true);
  };
  for (const name of Object.keys(dependencies)) if (imported.has(name)) visit(root, name, false);
  return [...found].map((folder) => relative(root, folder)).sort();
}

/** Names of packages in import lines, types' too, without the paths inside them. */
function importedPackages(text: string): string[] {
  return Array.from(text.matchAll(importLine), (match) => {
    const parts = (match[1] ?? match[2])!.split('/');
    return parts.slice(0, parts[0]!.startsWith('@') ? 2 : 1).join('/');
  });
}

/** Where Node would find it. */
function locate(root: string, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
    if (folder === root) return undefined;
  }
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}
