// Gets the OpenVINO runtime with pip, unless there is one.
import { findOrFetchLibrary } from '../src/server/engine/openvino/fetch-runtime.ts';

const search = { libraryDirectory: process.env.OPENVINO_LIB_DIR, cacheHome: process.env.XDG_CACHE_HOME };
try {
  await findOrFetchLibrary(search, console.error);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
