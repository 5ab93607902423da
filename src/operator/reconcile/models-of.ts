import type { ModelServer } from '../api/model-server.ts';
import type { ModelWish } from './judge-model.ts';
import type { Trouble } from './pod-facts.ts';

/** The models that the resource lists. */
export function listedModels({ models = [] }: ModelServer['spec']): ModelWish[] {
  return models.map(({ name, required, versionPolicy: { specific, all, latest } }) => ({
    name,
    required,
    policy: specific
      ? { kind: 'specific', versions: specific.versions }
      : all
        ? { kind: 'all' }
        : { kind: 'latest', count: latest?.numVersions ?? 1 },
  }));
}

/** The models of a whole config.json that a user brings; the server reads it, and is stricter. */
export function configuredModels(config: string): ModelWish[] | Trouble {
  const invalid = (message: string): Trouble => ({ reason: 'ConfigInvalid', message });
  let parsed: unknown;
  try {
    parsed = JSON.parse(config);
  } catch (error) {
    return invalid(`the config is no JSON: ${(error as Error).message}`);
  }
  const list = (parsed as { model_config_list?: unknown } | null)?.model_config_list;
  if (!Array.isArray(list)) return invalid('the config has no list "model_config_list"');
  const models: ModelWish[] = [];
  for (const [i, entry] of list.entries()) {
    const model = (entry as { config?: Record<string, unknown> } | null)?.config;
    if (typeof model?.name !== 'string') return invalid(`model_config_list[${i}].config.name: expected a name`);
    models.push({ name: model.name, required: model.required !== false, policy: policyOf(model.model_version_policy) });
  }
  return models;
}

function policyOf(value: unknown): ModelWish['policy'] {
  const policy = (value ?? {}) as {
    all?: object;
    specific?: { versions?: number[] };
    latest?: { num_versions?: number };
  };
  if (policy.specific?.versions) return { kind: 'specific', versions: policy.specific.versions };
  if (policy.all) return { kind: 'all' };
  return { kind: 'latest', count: policy.latest?.num_versions ?? 1 };
}
