import { createOpenVinoEngine } from '../../src/server/engine/openvino/openvino-engine.ts';
import { findLibrary, runtimeMissing } from '../../src/server/engine/openvino/runtime.ts';
import { workThreads } from '../../src/server/engine/work-threads.ts';
import { elementCount, type Tensor } from '../../src/server/model/tensor.ts';

/** Inferences per second of the engine alone, without any server around it. */
export async function measureEngine(
  folder: string,
  shape: readonly number[],
  concurrency: number,
  count: number,
): Promise<number> {
  const search = { libraryDirectory: process.env.OPENVINO_LIB_DIR, cacheHome: process.env.XDG_CACHE_HOME };
  const library = findLibrary(search);
  if (!library) throw new Error(runtimeMissing(search));
  const engine = createOpenVinoEngine({ library, mostWaiting: concurrency, threads: workThreads(concurrency + 3) });
  const model = await engine.load(folder, { targetDevice: 'CPU', pluginConfig: {}, inferRequests: 0 });
  const input: Tensor = { precision: 'FP32', shape, data: Buffer.alloc(elementCount(shape)! * 4) };
  await model.rehearse([input]);
  let left = count;
  const work = async () => {
    while (left-- > 0) {
      const inference = model.infer([input], {});
      (inference instanceof Promise ? await inference : inference).release();
    }
  };
  const begin = performance.now();
  await Promise.all(Array.from({ length: concurrency }, work));
  const seconds = (performance.now() - begin) / 1000;
  await model.close();
  await engine.close();
  return count / seconds;
}
