// Gets the OpenVINO runtime with pip, unless there is one.
import { fetchRuntime } from '../src/server/engine/openvino/fetch-runtime.ts';
import { findLibrary, runtimeMissing } from '../src/server/engine/openvino/runtime.ts';

const search = { libraryDirectory: process.env.OPENVINO_LIB_DIR, cacheHome: process.env.XDG_CACHE_HOME };
try {
  if (!findLibrary(search)) {
    if (search.libraryDirectory) throw new Error(runtimeMissing(search));
    await fetchRuntime(search, console.error);
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
