import { cpSync, mkdirSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { findOrFetchLibrary } from '../../src/server/engine/openvino/fetch-runtime.ts';
import { type Image, root } from './image.ts';
import { productionPackages } from './production-packages.ts';

/** The part of the build context that the Dockerfile copies from. */
export const stage = join(root, '.cache/images/stage');

/** Where what goes into an image comes from: path below the stage → path here. Files only. */
export type Layout = ReadonlyMap<string, string>;

/** Of what is only in one of the images. */
export function layOutImage(image: Image): Layout {
  const layout = new Map<string, string>();
  const sources = image.sources
    .flatMap((source) => listFiles(join(root, source)))
    .filter((file) => !/\.test\.ts$/.test(file));
  for (const file of sources) layout.set(join(image.target, relative(root, file)), file);
  const programs = sources.filter((file) => file.endsWith('.ts')).map((file) => relative(root, file));
  for (const folder of productionPackages(root, programs)) {
    for (const file of listPackageFiles(join(root, folder))) {
      layout.set(join(image.target, relative(root, file)), file);
    }
  }
  return layout;
}

/** Of what every image is made with: the pinned Node, and what has it compile the sources. */
export function layOutNode(): Layout {
  return new Map([
    ['node', realpathSync(join(root, 'node_modules/.bin/node'))],
    ['compile/compile-all.ts', join(import.meta.dirname, 'compile-all.ts')],
  ]);
}

/** The OpenVINO runtime for the server's image; fetched with pip if need be. */
export async function layOutOpenVino(say: (line: string) => void): Promise<Layout> {
  const search = { cacheHome: process.env.XDG_CACHE_HOME, libraryDirectory: process.env.OPENVINO_LIB_DIR };
  const folder = dirname(await findOrFetchLibrary(search, say));
  return new Map(listFiles(folder).map((file) => [join('openvino', relative(folder, file)), file]));
}

/** Makes the stage hold these files and nothing else. */
export function fillStage(layout: Layout): void {
  rmSync(stage, { recursive: true, force: true });
  for (const [path, source] of layout) {
    mkdirSync(join(stage, dirname(path)), { recursive: true, mode: 0o755 });
    cpSync(source, join(stage, path), { dereference: true, preserveTimestamps: true });
  }
}

/** Types and source maps are most of a package, and tell nothing to a program that runs; licences stay. */
function isRunTimeFile(path: string): boolean {
  const name = basename(path);
  if (/\.([cm]?ts|map|flow|tsbuildinfo|c|cc|cpp|h|hh|hpp|S|cmake|gyp)$/.test(name)) return false;
  return !/\.(md|markdown)$/i.test(name) || /^(licen[cs]e|notice)/i.test(name);
}

/** What packages may have beside what they run; deeper down, such names may mean something else. */
const besides = new Set([
  'test',
  'tests',
  '__tests__',
  'doc',
  'docs',
  'example',
  'examples',
  'benchmark',
  'benchmarks',
]);

function listPackageFiles(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => name !== 'node_modules' && !besides.has(name));
  return names.flatMap((name) => listFiles(join(folder, name))).filter(isRunTimeFile);
}

/** All files below a folder, or the file itself. */
function listFiles(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path).flatMap((name) => listFiles(join(path, name)));
}
