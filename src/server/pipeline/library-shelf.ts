import type { LibraryEntry } from '../model/pipeline.ts';
import type { CustomNodeLibrary, FindLibrary } from './custom-node.ts';

interface Kept {
  readonly library: Promise<CustomNodeLibrary>;
  users: number;
}

/** A library that someone uses. */
export interface TakenLibrary {
  /** Rejects with why it cannot be found. */
  readonly library: Promise<CustomNodeLibrary>;
  /** To be called once, whether it was found or not. Resolves when it is closed, if nobody else uses it. */
  giveBack(): Promise<void>;
}

/** Libraries of custom nodes that are in use: each is found once, and closed when nobody uses it any more. */
export class LibraryShelf {
  readonly #find: FindLibrary;
  readonly #kept = new Map<string, Kept>();

  constructor(find: FindLibrary) {
    this.#find = find;
  }

  /** One that could not be found is looked for again. */
  take(entry: LibraryEntry): TakenLibrary {
    const key = JSON.stringify([entry.name, entry.basePath]);
    const kept = this.#kept.get(key) ?? { library: this.#find(entry), users: 0 };
    const forget = () => {
      if (this.#kept.get(key) === kept) this.#kept.delete(key);
    };
    if (kept.users === 0) {
      this.#kept.set(key, kept);
      kept.library.catch(forget);
    }
    kept.users++;
    return {
      library: kept.library,
      async giveBack() {
        kept.users--;
        if (kept.users > 0) return;
        forget();
        const library = await kept.library.catch(() => undefined);
        await library?.close();
      },
    };
  }
}
