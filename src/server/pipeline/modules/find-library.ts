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

const modules = /\.(mjs|js|ts)$/;

/**
 * Finds libraries of custom nodes: our own by the base name of their path, whatever the folder (`libcustom_node_NAME.so`, as OpenVINO
 * Model Server has it, or `NAME`), and those of users, which are ES modules.
 */
export function createFindLibrary({ print, ...options }: FindLibraryOptions): FindLibrary {
  return async ({ name, basePath }) => {
    const common = { ...options, name, print: (line: string) => print(name, line) };
    const own = builtIn.get(builtInName(basePath));
    if (own) return new ModuleLibrary({ ...common, ...own });
    if (!modules.test(basePath)) throw unknown(basePath);
    if (!isAbsolute(basePath) || !existsSync(basePath)) {
      throw new ServingError('invalid-argument', `there is no file ${basePath}`);
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

function unknown(basePath: string): ServingError {
  const known = [...builtIn.keys()].join(', ');
  return new ServingError(
    'invalid-argument',
    `${basePath} is neither built in (${known}) nor an ES module (*.mjs, *.js, *.ts)`,
  );
}
