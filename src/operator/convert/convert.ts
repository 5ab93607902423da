import { type Document, parseAllDocuments, stringify } from 'yaml';
import { convertModel } from './convert-model.ts';
import { convertEnvFrom, convertRollout, convertTemplate } from './convert-pods.ts';
import { convertObservability, convertServer, convertService, convertWatch, tellStorage } from './convert-server.ts';
import { convertVolume, missingVolume } from './model-location.ts';
import { asComments, type Note, Notes } from './notes.ts';
import { isFields, OldFields } from './old-fields.ts';
import { present, unless } from './present.ts';

export interface Converted {
  /** The documents, each ModelServer with its notes as comments on top; others as they were. */
  readonly yaml: string;
  readonly notes: readonly Note[];
}

/** The text cannot be converted; the message says why in plain words, without anything out of the text. */
export class ConvertError extends Error {
  override readonly name = 'ConvertError';
}

type Fields = Readonly<Record<string, unknown>>;

/** What belongs to the old operator or to kubectl, or might hold secrets of the old resource in plain text. */
const foreignAnnotation = /^(kubectl\.kubernetes\.io\/last-applied-configuration$|helm\.sdk\.operatorframework\.io\/)/;

/**
 * Converts every ModelServer of intel.com/v1alpha1 in a text of YAML documents, also in a List as kubectl prints it, to
 * modelserver.dev/v1alpha1.
 * @throws ConvertError it is no YAML, or there is no such ModelServer in it
 */
export function convert(yamlText: string): Converted {
  const notes: Note[] = [];
  const documents: string[] = [];
  let found = 0;
  for (const document of parseAllDocuments(yamlText, { prettyErrors: false })) {
    const content = read(document, yamlText);
    const items = isList(content) ? content.items : [content];
    for (const item of items) {
      if (isOldModelServer(item)) {
        found++;
        const converted = convertResource(item);
        notes.push(...converted.notes);
        documents.push(converted.yaml);
      } else if (item !== content) documents.push(write(item));
      else if (content !== null) documents.push(document.toString({ lineWidth: 0, directives: false }));
    }
  }
  if (found === 0) throw new ConvertError('there is no ModelServer of intel.com/v1alpha1 in it');
  return { yaml: documents.join('---\n'), notes };
}

function convertResource({ metadata, spec }: OldModelServer): Converted {
  const { name, namespace } = metadata;
  const notes = new Notes(typeof namespace === 'string' ? `${namespace}/${name}` : String(name));
  const converted = {
    apiVersion: 'modelserver.dev/v1alpha1',
    kind: 'ModelServer',
    metadata: convertMetadata(metadata, notes),
    spec: convertSpec(new OldFields(spec, notes), notes, String(name)),
  };
  return { yaml: `${asComments(notes.list)}${write(converted)}`, notes: notes.list };
}

function convertMetadata({ name, namespace, labels, annotations }: Fields, notes: Notes): object | undefined {
  const text = String(name);
  if (typeof name !== 'string' || name.length > 52 || !/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name)) {
    const advice = 'Names are at most 52 small letters, digits and "-" here, and begin with a letter: write another.';
    notes.todo('metadata.name', name ?? '', advice);
  } else if (!text.includes('ovms')) {
    notes.tell('metadata.name', text, `Clients find the Service ${text} here; there it was called ${text}-ovms.`);
  }
  const kept = Object.entries(isFields(annotations) ? annotations : {}).filter(([key]) => !foreignAnnotation.test(key));
  return present({
    name,
    namespace,
    labels: isFields(labels) ? present(labels) : undefined,
    annotations: present(Object.fromEntries(kept)),
  });
}

function convertSpec(fields: OldFields, notes: Notes, name: string): object {
  const image = fields.text('image_name', 512);
  if (image !== undefined) {
    notes.tell(
      'image_name',
      image,
      'It is another server; the operator knows the image of its own unless image is written.',
    );
  }
  const volume = convertVolume(fields, notes);
  const watch = convertWatch(fields, notes);
  const models = convertModels(fields, notes, name, volume !== undefined);
  const repository = volume ?? ('models' in models ? missingVolume(name) : undefined);
  if (!repository && watch) {
    notes.todo(
      'server_settings.file_system_poll_wait_seconds',
      watch,
      'Write it into repository.watch once there is a repository.',
    );
  }
  tellStorage(fields, notes);
  const spec = {
    ...present({ replicas: unless(fields.integer('deployment_parameters.replicas', 0, 1000), 1) }),
    ...(repository ? { repository: { ...repository, ...present({ watch }) } } : {}),
    ...models,
    ...present({
      server: convertServer(fields, notes),
      envFrom: convertEnvFrom(fields),
      service: convertService(fields, notes),
      rollout: convertRollout(fields, notes),
      template: convertTemplate(fields, notes),
      observability: convertObservability(fields, notes),
    }),
  };
  fields.tellUnread();
  return spec;
}

/** `models` or `config`. */
function convertModels(fields: OldFields, notes: Notes, name: string, hasVolume: boolean): object {
  const configMap = fields.text('models_settings.config_configmap_name');
  const path = fields.text('models_settings.config_path');
  if (fields.boolean('models_settings.single_model_mode') ?? true) {
    return { models: [convertModel(fields, notes, name, hasVolume)] };
  }
  // They had no effect in this mode.
  fields.value('models_settings');
  const check =
    'The server refuses a config.json with fields that it does not support, and names them: try it with bin/modelserver.';
  notes.tell('models_settings.single_model_mode', false, check);
  if (!hasVolume) {
    const advice = 'There was no volume: copy the models that config.json names onto one, and write repository.';
    notes.todo('models_repository', '', advice);
  }
  const [, key] = /^\/config\/([A-Za-z0-9_.-]+)$/.exec(path ?? '/config/config.json') ?? [];
  if (configMap !== undefined && key !== undefined) {
    return { config: { configMapRef: { name: configMap, ...present({ key: unless(key, 'config.json') }) } } };
  }
  const wanted = `${name}-models`;
  const advice = `The config.json was not in a ConfigMap: make one of the name ${wanted} that has it as config.json.`;
  notes.todo('models_settings.config_path', path ?? '/config/config.json (the default)', advice);
  return { config: { configMapRef: { name: wanted } } };
}

interface OldModelServer {
  readonly metadata: Fields;
  readonly spec: Fields;
}

function isOldModelServer(value: unknown): value is OldModelServer {
  if (!isFields(value) || value.apiVersion !== 'intel.com/v1alpha1' || value.kind !== 'ModelServer') return false;
  const { metadata, spec = {} } = value;
  if (!isFields(metadata) || !isFields(spec))
    throw new ConvertError('a ModelServer without metadata, or whose spec is no object');
  return true;
}

function isList(value: unknown): value is { readonly items: readonly unknown[] } {
  return isFields(value) && typeof value.kind === 'string' && value.kind.endsWith('List') && Array.isArray(value.items);
}

function read(document: Document.Parsed, text: string): unknown {
  const [error] = document.errors;
  if (error) {
    const line = text.slice(0, error.pos[0]).split('\n').length;
    throw new ConvertError(`it is no YAML: line ${line}, ${error.code}`);
  }
  try {
    return document.toJS();
  } catch (cause) {
    throw new ConvertError('it has more aliases than are good for anybody', { cause });
  }
}

/** As readers of YAML 1.1, which Kubernetes' tools are, understand it: `YES` is a text only in quotes. */
function write(value: unknown): string {
  return stringify(value, { version: '1.1', lineWidth: 0 });
}
