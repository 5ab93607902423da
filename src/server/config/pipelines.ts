import type { PipelineSet } from '../model/pipeline.ts';
import { readLibraryConfig } from './library-config.ts';
import type { ModelConfig } from './model-config.ts';
import { readPipelineConfig } from './pipeline-config.ts';
import type { Problems } from './problems.ts';

/**
 * The sections `pipeline_config_list` and `custom_node_library_config_list`; undefined where they are not given.
 * @param models of the same file: names are of one kind only, and a pipeline of models that may be missing may be so too
 * @param directory of the file: relative base paths start there
 */
export function readPipelines(
  pipelineList: unknown,
  libraryList: unknown,
  models: readonly ModelConfig[],
  directory: string,
  problems: Problems,
): PipelineSet {
  const optional = new Set(models.flatMap(({ name, required }) => (required ? [] : name)));
  const isRequired = (used: readonly string[]) => !used.some((name) => optional.has(name));
  const pipelines = readSection(pipelineList, 'pipeline_config_list', problems, (entry, path) =>
    readPipelineConfig(entry, path, isRequired, problems),
  );
  const libraries = readSection(libraryList, 'custom_node_library_config_list', problems, (entry, path) =>
    readLibraryConfig(entry, path, directory, problems),
  );
  const modelNames = new Set(models.map(({ name }) => name));
  pipelines.forEach(({ name }, i) => {
    if (modelNames.has(name)) {
      problems.say(`pipeline_config_list[${i}].name`, `Pipeline has the same name as model - ${name}`);
    }
  });
  sayTwice(pipelines, 'pipeline_config_list', 'pipelines', problems);
  sayTwice(libraries, 'custom_node_library_config_list', 'libraries', problems);
  return { pipelines, libraries };
}

function readSection<T>(
  value: unknown,
  section: string,
  problems: Problems,
  read: (entry: unknown, path: string) => T | undefined,
): T[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) {
    problems.add(section, 'a list', value);
    return [];
  }
  return value.flatMap((entry, i) => read(entry, `${section}[${i}]`) ?? []);
}

function sayTwice(entries: readonly { name: string }[], section: string, what: string, problems: Problems): void {
  const names = entries.map(({ name }) => name);
  for (const name of new Set(names.filter((other, i) => names.indexOf(other) !== i))) {
    problems.say(section, `two ${what} have the name ${name}`);
  }
}
