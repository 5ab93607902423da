const newline = 0x0a;

/** Cuts chunks of bytes into lines of UTF-8, wherever the chunks end. */
export class LineReader {
  readonly #longest: number;
  readonly #onLine: (line: string) => void;
  #parts: Buffer[] = [];
  #size = 0;

  /** @param longest bytes of a line */
  constructor(longest: number, onLine: (line: string) => void) {
    this.#longest = longest;
    this.#onLine = onLine;
  }

  /** Whether a line has begun and not ended. */
  get isInLine(): boolean {
    return this.#size > 0;
  }

  /** @returns false if a line is longer than it may be; nothing can be read from then on */
  push(chunk: Buffer): boolean {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(newline, start);
      this.#add(chunk.subarray(start, end < 0 ? undefined : end));
      if (this.#size > this.#longest) return false;
      if (end < 0) return true;
      start = end + 1;
      if (this.#size === 0) continue;
      const line = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts, this.#size);
      this.#parts = [];
      this.#size = 0;
      this.#onLine(line.toString());
    }
  }

  #add(part: Buffer): void {
    if (part.length === 0) return;
    this.#size += part.length;
    this.#parts.push(part);
  }
}
