import { dirname } from 'node:path';
import type { Command } from './command.ts';
import { configFileAt, rewriteFile } from './config-file.ts';
import { addModel, removeModel } from './edit-config.ts';
import { listModels } from './list-models.ts';

/** What is printed, and whether all went well: what went wrong is printed as an error. */
export interface Outcome {
  readonly isDone: boolean;
  readonly text: string;
}

/** Lists the models of a folder, or edits a config file, whole or not at all: a server that serves by it reads it then. */
export async function runCommand(command: Command): Promise<Outcome> {
  if (command.kind === 'list-models') return list(command.repository);
  try {
    const path = await configFileAt(command.configPath);
    await rewriteFile(path, (text) =>
      command.kind === 'add-to-config' ? addModel(text, command, dirname(path)) : removeModel(text, command.name),
    );
    return { isDone: true, text: `Config updated: ${path}` };
  } catch (error) {
    return { isDone: false, text: `Error on config update : ${(error as Error).message}` };
  }
}

async function list(repository: string): Promise<Outcome> {
  const head = ['Listing models in repository...', `Model repository path: ${repository}`];
  try {
    const names = await listModels(repository);
    const lines = [...head, `Available servables to serve from path: ${repository} are: `, ...names];
    return { isDone: true, text: lines.join('\n') };
  } catch (error) {
    return { isDone: false, text: `The repository cannot be read - ${(error as Error).message}` };
  }
}
