/** The UTF-8 bytes of names, which are few and come again with every answer. Bounded, should someone's names never end. */
const known = new Map<string, Buffer>();
const mostKnown = 4096;

/** @param text one of few: it is kept */
export function utf8(text: string): Buffer {
  let bytes = known.get(text);
  if (!bytes) {
    if (known.size >= mostKnown) known.clear();
    bytes = Buffer.from(text);
    known.set(text, bytes);
  }
  return bytes;
}
