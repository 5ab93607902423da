import type { LibraryEntry } from '../model/pipeline.ts';
import type { CustomNodeLibrary, FindLibrary } from './custom-node.ts';

interface Kept {
  readonly library: Promise<CustomNodeLibrary>;
  users: number;
}

/** Libraries of custom nodes that are in use: each is found once, and closed when nobody uses it any more. */
export class LibraryShelf {
  readonly #find: FindLibrary;
  readonly #kept = new Map<string, Kept>();

  constructor(find: FindLibrary) {
    this.#find = find;
  }

  /**
   * To be given back with `giveBack`, also if the promise rejects.
   * @throws why it cannot be found
   */
  take(entry: LibraryEntry): Promise<CustomNodeLibrary> {
    let kept = this.#kept.get(keyOf(entry));
    if (!kept) {
      kept = { library: this.#find(entry), users: 0 };
      this.#kept.set(keyOf(entry), kept);
    }
    kept.users++;
    return kept.library;
  }

  async giveBack(entry: LibraryEntry): Promise<void> {
    const kept = this.#kept.get(keyOf(entry))!;
    kept.users--;
    if (kept.users > 0) return;
    this.#kept.delete(keyOf(entry));
    const library = await kept.library.catch(() => undefined);
    await library?.close();
  }
}

function keyOf({ name, basePath }: LibraryEntry): string {
  return JSON.stringify([name, basePath]);
}
