import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The release that the project is tested with, and that `findOrFetchLibrary` fetches. */
export const openvinoVersion = '2026.4.1';

export interface RuntimeSearch {
  /** OPENVINO_LIB_DIR: searched alone if given. */
  readonly libraryDirectory?: string | undefined;
  /** XDG_CACHE_HOME, if set. */
  readonly cacheHome?: string | undefined;
}

/** Where the fetched runtime lies, or would. */
export function cachedRuntime(search: RuntimeSearch): string {
  const home = search.cacheHome || join(homedir(), '.cache');
  return join(home, 'modelserver', `openvino-${openvinoVersion}-${process.platform}-${process.arch}`, 'libs');
}

/**
 * The path of OpenVINO's C library: in the named folder; else in an installed OpenVINO; else in the cache.
 * @returns undefined if there is none
 */
export function findLibrary(search: RuntimeSearch): string | undefined {
  const folders = search.libraryDirectory ? [search.libraryDirectory] : [...installedFolders(), cachedRuntime(search)];
  for (const folder of folders) {
    const [library] = list(folder).filter((name) => /^libopenvino_c\.(so(\.\d+)*|(\d+\.)?dylib)$/.test(name));
    if (library) return join(folder, library);
  }
  return undefined;
}

/** One sentence that says what to do. */
export function runtimeMissing(search: RuntimeSearch): string {
  return search.libraryDirectory
    ? `There is no libopenvino_c in OPENVINO_LIB_DIR (${search.libraryDirectory}): point it at the folder that holds OpenVINO's libraries.`
    : 'The OpenVINO runtime was not found: run make setup, or set OPENVINO_LIB_DIR to the folder of the libraries of an installed OpenVINO.';
}

function installedFolders(): string[] {
  const arch = process.arch === 'x64' ? 'intel64' : 'aarch64';
  const multiarch = process.arch === 'x64' ? 'x86_64-linux-gnu' : 'aarch64-linux-gnu';
  const releases = list('/opt/intel')
    .filter((name) => name.startsWith('openvino'))
    .sort()
    .reverse();
  return [
    ...releases.map((name) => join('/opt/intel', name, 'runtime/lib', arch)),
    join('/usr/lib', multiarch),
    '/usr/local/lib',
    '/usr/lib',
  ];
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
