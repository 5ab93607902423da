import { existsSync } from 'node:fs';
import { basename, isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ServingError } from '../../model/error.ts';
import type { FindLibrary } from '../custom-node.ts';
import { builtIn } from '../nodes/built-in.ts';
import { ModuleLibrary, type ModuleLibraryOptions } from './module-library.ts';

export type FindLibraryOptions = Omit<ModuleLibraryOptions, 'name' | 'module' | 'own' | 'print'> & {
  /** Is given what modules print, line by line. */
  readonly print: (library: string, line: string) => void;
};

const modules = /\.(mjs|js|ts|mts)$/;

/**
 * Finds libraries of custom nodes: our own by the base name of their path, whatever the folder (`libcustom_node_NAME.so`, as OpenVINO
 * Model Server has it, or `NAME`), and those of users, which are ES modules.
 */
export function createFindLibrary({ print, ...options }: FindLibraryOptions): FindLibrary {
  return async ({ name, basePath }) => {
    const common = { ...options, name, print: (line: string) => print(name, line) };
    const own = builtIn.get(builtInName(basePath));
    if (own) return new ModuleLibrary({ ...common, ...own });
    if (!modules.test(basePath)) throw unknown(name, basePath);
    if (!isAbsolute(basePath) || !existsSync(basePath)) {
      throw new ServingError('invalid-argument', `Custom node library not found - library: ${name}; path: ${basePath}`);
    }
    return new ModuleLibrary({ ...common, module: pathToFileURL(basePath).href });
  };
}

function builtInName(basePath: string): string {
  return basename(basePath)
    .replace(/\.so$/, '')
    .replace(/^lib/, '')
    .replace(/^custom_node_/, '');
}

function unknown(name: string, basePath: string): ServingError {
  return new ServingError(
    'invalid-argument',
    `Custom node library failed to open - library: ${name}; path: ${basePath}; built in are ${[...builtIn.keys()].join(', ')}; others are ES modules (*.mjs, *.js, *.ts), not shared objects`,
  );
}
