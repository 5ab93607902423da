import { sleep, systemClock } from '../../../shared/clock.ts';
import type { LoadOptions } from '../../model/wanted.ts';
import type { Engine, LoadedModel } from '../engine.ts';
import { couldNotTranspose, type PortLayouts, portLayouts, seenOutputs } from '../layout.ts';
import { type MappingConfig, readMappingConfig, renamed, renamedKeys } from '../mapping-config.ts';
import { findModelFiles } from '../model-files.ts';
import { checkPreprocessing, couldNotPreprocess } from '../preprocessing.ts';
import { propertiesOf } from '../properties.ts';
import type { RequestPool } from '../request-pool.ts';
import { couldNotReshape, type ModelInput } from '../reshape.ts';
import { readToldLayouts } from '../told-layouts.ts';
import { withTransposedOutputs } from '../transposed-outputs.ts';
import { createRequest, createRequests, portsOf, streamsOf } from './compiled-model.ts';
import { signatureOf } from './infer-request.ts';
import { check, type Handle, handleFrom, type Library, lastError, loadError, offLoop, openLibrary } from './library.ts';
import { modelPorts } from './model-ports.ts';
import { OpenVinoModel } from './openvino-model.ts';
import { preparing } from './prepare-inputs.ts';
import { reshaping } from './reshape-model.ts';

export interface OpenVinoOptions {
  /** Path of libopenvino_c, as `findLibrary` gives it. */
  readonly library: string;
  /** How many requests may wait for an infer request of a version; more are refused. */
  readonly mostWaiting: number;
  /** What inferences off the event loop take one of, as other long work of the process does. */
  readonly threads: RequestPool<number>;
  /** A library with custom operations for the CPU. */
  readonly cpuExtension?: string;
}

/**
 * OpenVINO, through its C API.
 * @throws Error that names the library, its own or the extension's, that cannot be used
 */
export function createOpenVinoEngine(options: OpenVinoOptions): Engine {
  const library = explained(options.library, () => openLibrary(options.library));
  const core = handleFrom(library, (out) => library.coreCreate(out));
  const { cpuExtension } = options;
  if (cpuExtension) explained(cpuExtension, () => check(library, library.coreAddExtension(core, cpuExtension)));
  // The runtime keeps its last error message once for the process: two loads that fail side by side could swap theirs.
  let turn: Promise<unknown> = Promise.resolve();
  return {
    description: describe(library),
    load(directory, loadOptions) {
      const loaded = turn.then(() => load(library, core, directory, loadOptions, options.mostWaiting, options.threads));
      turn = loaded.catch(() => undefined);
      return loaded;
    },
    async close() {
      await turn;
      library.coreFree(core);
    },
  };
}

async function load(
  library: Library,
  core: Handle,
  directory: string,
  options: LoadOptions,
  mostWaiting: number,
  threads: RequestPool<number>,
): Promise<LoadedModel> {
  const files = await findModelFiles(directory);
  const mapping = await readMappingConfig(directory);
  const { mapped, config } = propertiesOf(options);
  const properties = Object.entries(config).map(([key, value]) => ({ key, value }));
  // Weights that are mapped from their file change, or end the process, when someone writes to the file.
  check(library, library.coreSetProperties(core, null, 1, [{ key: 'ENABLE_MMAP', value: mapped }]));
  const out: [Handle | null] = [null];
  const { model: file, weights = null } = files;
  await stepOffLoop(library, 'Cannot read the model', () => offLoop(library.readModel, core, file, weights, out));
  const models = [out[0]!];
  let layouts: PortLayouts;
  try {
    layouts = await layoutsOf(library, models[0]!, file, options, mapping);
    const { preprocessing } = options;
    if (preprocessing)
      checkPreprocessing(preprocessing, inputsOf(library, models[0]!, layouts, mapping), layouts.inputs);
    const prepare = preparing(library, models[0]!, layouts.inputs, preprocessing);
    if (prepare) {
      await stepOffLoop(library, preprocessing ? couldNotPreprocess : couldNotTranspose, () => prepare(out));
      models.push(out[0]!);
    }
    const model = models.at(-1)!;
    const { reshape: wanted } = options;
    const reshape = wanted && reshaping(library, model, wanted, inputsOf(library, model, layouts, mapping));
    if (reshape) await stepOffLoop(library, couldNotReshape, reshape);
    await stepOffLoop(library, 'Cannot compile model into target device', () =>
      offLoop(library.compileModel, core, model, options.targetDevice, properties.length, properties, out),
    );
  } finally {
    for (const model of models) await offLoop(library.modelFree, model);
  }
  const compiled = out[0]!;
  try {
    const ports = portsOf(library, compiled, layouts, mapping);
    // What is left of a file that was cut short may be a model that gives nothing.
    if (ports.outputs.length === 0) throw new Error('the model has no outputs');
    const requests = await createRequests(library, compiled, ports, options);
    const loaded = new OpenVinoModel({
      signature: signatureOf(ports.inputs, ports.outputs),
      requests,
      streams: streamsOf(library, compiled),
      mostWaiting,
      threads,
      createRequest: () => createRequest(library, compiled, ports),
      free: () => offLoop(library.compiledFree, compiled),
    });
    return withTransposedOutputs(loaded, ...seenOutputs(ports.outputs, layouts));
  } catch (error) {
    await offLoop(library.compiledFree, compiled);
    throw loadError('Cannot serve the model', error);
  }
}

/** @throws ServingError `failed-precondition` */
async function layoutsOf(
  library: Library,
  model: Handle,
  file: string,
  { layouts }: LoadOptions,
  mapping: MappingConfig,
): Promise<PortLayouts> {
  const { inputs, outputs } = renamed(modelPorts(library, model), mapping);
  return portLayouts(layouts, inputs, outputs, renamedKeys(await readToldLayouts(file), mapping));
}

/** As they are to be seen from now on. */
function inputsOf(library: Library, model: Handle, layouts: PortLayouts, mapping: MappingConfig): ModelInput[] {
  return renamed(modelPorts(library, model), mapping).inputs.map((input, i) => ({
    ...input,
    layout: layouts.inputs[i]!.seen,
  }));
}

/** How often a step of a load is tried, until its failure can be told in its own words. */
const mostAttempts = 3;

/** Takes a step of a load. @throws ServingError with the step's name and the runtime's words */
async function stepOffLoop(library: Library, what: string, step: () => Promise<number>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const { failed } = library.calls;
    const status = await step();
    if (status === 0) return;
    const words = lastError(library, status);
    // An inference that failed meanwhile has left its own words instead.
    if (failed === library.calls.failed && !(await hasFailed(library.calls.running))) {
      throw loadError(what, new Error(words));
    }
    if (attempt === mostAttempts) {
      throw loadError(what, new Error(`OpenVINO error ${status}, whose words were lost to inferences that fail`));
    }
  }
}

/** How long a call that has failed already may take to say so: it has only to come back from its thread. */
const returnMs = 100;

/** Whether any of the calls that are under way has failed already. */
async function hasFailed(running: ReadonlySet<Promise<number>>): Promise<boolean> {
  const statuses: number[] = [];
  const all = [...running].map((call) => call.then((status) => statuses.push(status)));
  if (all.length > 0) await Promise.race([Promise.allSettled(all), sleep(systemClock, returnMs)]);
  return statuses.some((status) => status !== 0);
}

function explained<T>(file: string, use: () => T): T {
  try {
    return use();
  } catch (error) {
    throw new Error(`The library ${file} cannot be used: ${(error as Error).message}`, { cause: error });
  }
}

function describe(library: Library): string {
  const version = { buildNumber: '', description: '' };
  check(library, library.version(version));
  return `OpenVINO ${version.buildNumber}`;
}
