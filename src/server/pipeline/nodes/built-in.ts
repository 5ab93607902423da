import type { NodeModule } from '../node-module.ts';
import * as addOne from './add-one.ts';

/** A node of our own: what it is, and where a worker finds it. */
export interface BuiltIn {
  readonly own: NodeModule;
  readonly module: string;
}

/** By the names that OpenVINO Model Server's libraries have, less `libcustom_node_` and `.so`. */
export const builtIn: ReadonlyMap<string, BuiltIn> = new Map([['add_one', at('./add-one.ts', addOne)]]);

function at(file: string, own: NodeModule): BuiltIn {
  return { own, module: new URL(file, import.meta.url).href };
}
