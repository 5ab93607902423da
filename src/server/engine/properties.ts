import type { LoadOptions } from '../model/wanted.ts';

/**
 * What OpenVINO is told beside what the user says: to answer quickly rather than to answer many at once, and not to map weights
 * from their file. That one it takes for reading, not for compiling.
 */
export function propertiesOf(options: LoadOptions): { mapped: string; config: Record<string, string> } {
  const { ENABLE_MMAP: mapped = 'NO', ...given } = options.pluginConfig;
  const config: Record<string, string> = given;
  if (!('PERFORMANCE_HINT' in config) && !('NUM_STREAMS' in config)) config.PERFORMANCE_HINT = 'LATENCY';
  if (options.cacheDir) config.CACHE_DIR ??= options.cacheDir;
  return { mapped, config };
}
