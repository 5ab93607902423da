import { globSync } from 'node:fs';

// Runs while an image is built, in it, with NODE_COMPILE_CACHE set: loads what the image's program may ever load, so that Node keeps what
// it makes of each source. Last the program itself, which says its version and ends.

const [, , side] = process.argv;
const sources = globSync(`/opt/modelserver/src/{shared,${side}}/**/*.ts`);
const main = `/opt/modelserver/src/${side}/main.ts`;
for (const source of sources.filter((source) => source !== main)) {
  // What runs only in a thread of its own, or with a package that is not there, has been compiled when it fails.
  await import(source).catch(() => undefined);
}
process.argv.splice(1, Number.POSITIVE_INFINITY, main, '--version');
await import(main);
