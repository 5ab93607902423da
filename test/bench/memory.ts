// Loads and unloads a 100 MB model again and again: memory must come back, and the event loop must stay free meanwhile.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createOpenVinoEngine } from '../../src/server/engine/openvino/openvino-engine.ts';
import { findLibrary, runtimeMissing } from '../../src/server/engine/openvino/runtime.ts';
import { workThreads } from '../../src/server/engine/work-threads.ts';
import { tableModel } from '../support/ir-model.ts';
import { type Bar, plot } from './plot.ts';

const times = Number(process.argv[2] ?? 200);
const pages = join(import.meta.dirname, '../../docs/benchmarks');

const search = { libraryDirectory: process.env.OPENVINO_LIB_DIR, cacheHome: process.env.XDG_CACHE_HOME };
const library = findLibrary(search);
if (!library) throw new Error(runtimeMissing(search));
const folder = mkdtempSync(join(tmpdir(), 'modelserver-bench-'));
tableModel(400_000, 64).write(folder);
const engine = createOpenVinoEngine({ library, mostWaiting: 1, threads: workThreads(4) });
const delay = monitorEventLoopDelay({ resolution: 1 });
await new Promise((resolve) => setTimeout(resolve, 200));
delay.enable();
const resident: Bar[] = [];
for (let i = 1; i <= times; i++) {
  const model = await engine.load(folder, { targetDevice: 'CPU', pluginConfig: {}, inferRequests: 0 });
  await model.close();
  if (i === 1 || i % 20 === 0) resident.push({ label: `after ${i}`, value: process.memoryUsage.rss() / 1e6 });
}
delay.disable();
await engine.close();
rmSync(folder, { recursive: true });

const [first, last] = [resident[0]!.value, resident.at(-1)!.value];
if (last > first * 1.2)
  throw new Error(`memory does not come back: ${first.toFixed(0)} MB became ${last.toFixed(0)} MB`);
const largestGap = (delay.max / 1e6).toFixed(0);
for (const { label, value } of resident) console.log(`${label}: ${value.toFixed(0)} MB`);
console.log(`largest gap of the event loop: ${largestGap} ms`);
writeFileSync(
  join(pages, 'engine.md'),
  `# Loading and unloading, measured

Written by \`node test/bench/memory.ts\` (\`PATH\` with \`node_modules/.bin\` first): a model with 102 MB of weights is loaded and unloaded
${times} times through the engine port. Resident memory was ${first.toFixed(0)} MB after the first time and ${last.toFixed(0)} MB after the last. Reading, compiling and
freeing run on threads: the largest gap of the event loop, on which other models are served, was ${largestGap} ms in all that time.

![Resident memory after so many loads and unloads](engine.svg)
`,
);
writeFileSync(
  join(pages, 'engine.svg'),
  plot('Resident memory after so many loads and unloads', [
    { title: 'Resident memory, loading and unloading', unit: 'MB', bars: resident },
  ]),
);
