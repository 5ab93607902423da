import type { LibraryEntry, PipelineDefinition } from '../model/pipeline.ts';
import type { CustomNode, CustomNodeLibrary } from './custom-node.ts';
import type { LibraryShelf, TakenLibrary } from './library-shelf.ts';
import type { CustomNodeFailure } from './surroundings.ts';

export interface OpenedNodes {
  /** By the names of the custom nodes of a pipeline. */
  readonly nodes: ReadonlyMap<string, CustomNode | CustomNodeFailure>;
  /** To be given back when the nodes are used no longer. */
  readonly libraries: readonly TakenLibrary[];
}

/** Opens the custom nodes of a pipeline. Never rejects: why a node cannot be opened is told in its place. */
export async function openNodes(
  { nodes }: PipelineDefinition,
  entries: readonly LibraryEntry[],
  shelf: LibraryShelf,
): Promise<OpenedNodes> {
  const taken = new Map<string, TakenLibrary>();
  const opened = nodes.flatMap(({ name, runs }) => {
    if (runs.kind !== 'custom') return [];
    const entry = entries.find((known) => known.name === runs.library);
    const found = entry && (taken.get(entry.name) ?? shelf.take(entry));
    if (found) taken.set(entry.name, found);
    return [open(found?.library, runs.parameters).then((node) => [name, node] as const)];
  });
  const all = await Promise.all(opened);
  return { nodes: new Map(all), libraries: [...taken.values()] };
}

async function open(
  found: Promise<CustomNodeLibrary> | undefined,
  parameters: Readonly<Record<string, string>>,
): Promise<CustomNode | CustomNodeFailure> {
  if (!found) return { at: 'library', cause: 'it is not in custom_node_library_config_list' };
  let library: CustomNodeLibrary;
  try {
    library = await found;
  } catch (error) {
    return { at: 'library', cause: messageOf(error) };
  }
  try {
    return await library.open(parameters);
  } catch (error) {
    return { at: 'initialization', cause: messageOf(error) };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
