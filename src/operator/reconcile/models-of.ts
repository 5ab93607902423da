import { bounded } from '../api/conditions.ts';
import type { ModelServer } from '../api/model-server.ts';
import { modelFolder } from '../desired/models.ts';
import type { ModelWish } from './judge-model.ts';
import type { Trouble } from './pod-facts.ts';

/** The models that the resource lists. */
export function listedModels(spec: ModelServer['spec']): ModelWish[] {
  return (spec.models ?? []).map((model) => {
    const { specific, all, latest } = model.versionPolicy;
    return {
      name: model.name,
      required: model.required,
      policy: specific
        ? { kind: 'specific', versions: specific.versions }
        : all
          ? { kind: 'all' }
          : { kind: 'latest', count: latest?.numVersions ?? 1 },
      labelled: Object.values(model.versionLabels ?? {}),
      folder: modelFolder(model, spec),
    };
  });
}

/**
 * The models of a whole config.json that a user brings. What the status depends on is read as the server reads it; of the rest,
 * the server says what is wrong.
 */
export function configuredModels(config: string): ModelWish[] | Trouble {
  try {
    const { model_config_list: list } = object(JSON.parse(config), 'the config');
    if (!Array.isArray(list)) throw new Invalid('the config has no list "model_config_list"');
    const models = list.map((entry, i) => readModel(object(entry, `model_config_list[${i}]`).config, i));
    // Of several with one name the first counts, as for the server.
    return [...new Map(models.toReversed().map((model) => [model.name, model])).values()].toReversed();
  } catch (error) {
    if (error instanceof SyntaxError)
      return { reason: 'ConfigInvalid', message: `the config is no JSON: ${error.message}` };
    if (error instanceof Invalid) return { reason: 'ConfigInvalid', message: bounded(error.message) };
    throw error;
  }
}

class Invalid extends Error {}

function readModel(value: unknown, i: number): ModelWish {
  const path = `model_config_list[${i}].config`;
  const model = object(value, path);
  const { name, required, base_path: folder, model_version_policy: policy, version_labels: labels } = model;
  if (typeof name !== 'string' || name === '' || !name.isWellFormed())
    throw new Invalid(`${path}.name: expected a name`);
  return {
    name,
    required: required !== false,
    policy: policy === undefined ? { kind: 'latest', count: 1 } : readPolicy(policy, `${path}.model_version_policy`),
    labelled:
      labels === undefined
        ? []
        : versions(Object.values(object(labels, `${path}.version_labels`)), `${path}.version_labels`),
    // Another one begins where the file lies.
    ...(typeof folder === 'string' && folder.startsWith('/') ? { folder } : {}),
  };
}

function readPolicy(value: unknown, path: string): ModelWish['policy'] {
  const [kind, ...others] = Object.keys(object(value, path));
  const details = object((value as Record<string, unknown>)[kind ?? ''], `${path}.${kind ?? ''}`);
  if (others.length === 0 && kind === 'all') return { kind };
  if (others.length === 0 && kind === 'latest') {
    return { kind, count: versions([details.num_versions], `${path}.latest.num_versions`)[0]! };
  }
  if (others.length === 0 && kind === 'specific' && Array.isArray(details.versions) && details.versions.length > 0) {
    return { kind, versions: versions(details.versions, `${path}.specific.versions`) };
  }
  throw new Invalid(`${path}: expected one of latest, specific with versions, all`);
}

function object(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new Invalid(`${path}: expected an object`);
}

function versions(values: readonly unknown[], path: string): number[] {
  if (values.every((value) => Number.isSafeInteger(value) && (value as number) >= 1)) return values as number[];
  throw new Invalid(`${path}: expected integers ≥ 1`);
}
