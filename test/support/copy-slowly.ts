/** Copies a file bit by bit, for tests: arguments are the source, the target, and the bytes to write every 20 milliseconds. */
import { appendFileSync, readFileSync } from 'node:fs';

const [source, target, step] = process.argv.slice(2);
const bytes = readFileSync(source!);
for (let from = 0; from < bytes.length; from += Number(step)) {
  appendFileSync(target!, bytes.subarray(from, from + Number(step)));
  await new Promise((resolve) => setTimeout(resolve, 20));
}
