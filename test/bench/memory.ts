// Loads and unloads a 100 MB model again and again: memory must come back, and the event loop must stay free meanwhile.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createOpenVinoEngine } from '../../src/server/engine/openvino/openvino-engine.ts';
import { findLibrary, runtimeMissing } from '../../src/server/engine/openvino/runtime.ts';
import { tableModel } from '../support/ir-model.ts';

const times = Number(process.argv[2] ?? 200);
const search = { libraryDirectory: process.env.OPENVINO_LIB_DIR, cacheHome: process.env.XDG_CACHE_HOME };
const library = findLibrary(search);
if (!library) throw new Error(runtimeMissing(search));
const folder = mkdtempSync(join(tmpdir(), 'modelserver-bench-'));
tableModel(400_000, 64).write(folder);
const engine = createOpenVinoEngine({ library, mostWaiting: 1, poolThreads: 4 });
const delay = monitorEventLoopDelay({ resolution: 1 });
await new Promise((resolve) => setTimeout(resolve, 200));
delay.enable();
console.log('after load and unload number: resident MB');
for (let i = 1; i <= times; i++) {
  const model = await engine.load(folder, { targetDevice: 'CPU', pluginConfig: {}, inferRequests: 0 });
  await model.close();
  if (i === 1 || i % 20 === 0) console.log(`${String(i).padStart(4)}: ${(process.memoryUsage.rss() / 1e6).toFixed(0)}`);
}
delay.disable();
console.log(`largest gap of the event loop: ${(delay.max / 1e6).toFixed(1)} ms`);
await engine.close();
rmSync(folder, { recursive: true });
