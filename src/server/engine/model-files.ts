import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ServingError } from '../model/error.ts';
import { checkLinks } from './check-links.ts';

/** What the runtime is given to read. */
export interface ModelFiles {
  readonly model: string;
  readonly weights?: string;
}

/** First match in this order, whatever the files are called. */
const endings = ['.xml', '.onnx', '.pdmodel', '.pb', '.tflite'];
const savedModel = 'saved_model.pb';
const weightsOf: Readonly<Record<string, string>> = { '.xml': '.bin', '.pdmodel': '.pdiparams' };

/**
 * The model's files in a version's directory: OpenVINO IR, ONNX, PaddlePaddle, TensorFlow (a SavedModel's directory or a frozen
 * graph) or TensorFlow Lite.
 * @throws ServingError `failed-precondition` if there is none, the directory cannot be read, or a link in it leads out of the repository
 */
export async function findModelFiles(directory: string): Promise<ModelFiles> {
  await checkLinks(directory);
  const files = await choose(directory);
  const read = files.model === directory ? await savedModelFiles(directory) : Object.values(files);
  for (const path of read) await checkReadable(path);
  return files;
}

async function choose(directory: string): Promise<ModelFiles> {
  const names = await list(directory);
  for (const ending of endings) {
    const model = names.find((name) => name.endsWith(ending));
    if (!model) continue;
    if (model === savedModel) return { model: directory };
    const weights = weightsFor(model, ending, names);
    return weights
      ? { model: join(directory, model), weights: join(directory, weights) }
      : { model: join(directory, model) };
  }
  throw new ServingError(
    'failed-precondition',
    `No model found in ${directory} - Expected: a file that ends in one of ${endings.join(', ')}; Actual: ${names.join(', ') || 'no files'}`,
  );
}

/** The file of the same name, or the only one with the ending of weights. */
function weightsFor(model: string, ending: string, names: readonly string[]): string | undefined {
  const ofWeights = weightsOf[ending];
  if (!ofWeights) return undefined;
  const weights = names.filter((name) => name.endsWith(ofWeights));
  return (
    weights.find((name) => name === model.slice(0, -ending.length) + ofWeights) ??
    (weights.length === 1 ? weights[0] : undefined)
  );
}

/**
 * The runtime ends the process on some files that cannot be looked at (a link that points to itself), and waits for ever at the
 * end of a pipe: they never reach it.
 */
async function checkReadable(path: string): Promise<void> {
  try {
    if (!(await stat(path)).isFile()) throw new Error(`${path} is not a file`);
    const file = await open(path);
    await file.close();
  } catch (error) {
    throw new ServingError('failed-precondition', `Cannot read the model - ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** What the runtime reads of a SavedModel: the graph, and the variables if it has any. */
async function savedModelFiles(directory: string): Promise<string[]> {
  const graph = join(directory, savedModel);
  if (!(await list(directory)).includes('variables')) return [graph];
  const variables = join(directory, 'variables');
  return [graph, ...(await list(variables)).map((name) => join(variables, name))];
}

async function list(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    throw new ServingError('failed-precondition', `Cannot read the model's directory - ${(error as Error).message}`, {
      cause: error,
    });
  }
}
