import type { ModelServer, Stateful } from '../api/model-server.ts';
import { type ModelSpec, modelFolder } from './models.ts';

/** The server's config.json, which it reads anew when it changes: what is in here never makes pods roll. */
export function serverConfig(spec: ModelServer['spec']): string {
  const models = (spec.models ?? []).map((model) => ({ config: modelConfig(model, spec) }));
  return `${JSON.stringify({ model_config_list: models }, undefined, 2)}\n`;
}

/** Only what differs from the server's own defaults, so that a reader sees what was asked for. */
function modelConfig(model: ModelSpec, spec: ModelServer['spec']): object {
  const { shape, shapes, layout, layouts, stateful, pluginConfig, versionLabels } = model;
  return {
    name: model.name,
    base_path: modelFolder(model, spec),
    model_version_policy: versionPolicy(model),
    ...(versionLabels && Object.keys(versionLabels).length > 0 ? { version_labels: versionLabels } : {}),
    ...(model.required ? {} : { required: false }),
    ...(model.targetDevice === 'CPU' ? {} : { target_device: model.targetDevice }),
    ...(model.batchSize === undefined ? {} : { batch_size: model.batchSize }),
    ...(shape === undefined ? {} : { shape }),
    ...(shapes === undefined ? {} : { shape: shapes }),
    ...(layout === undefined ? {} : { layout }),
    ...(layouts === undefined ? {} : { layout: layouts }),
    ...(stateful === undefined ? {} : sequences(stateful)),
    ...(model.nireq === 0 ? {} : { nireq: model.nireq }),
    ...(pluginConfig && Object.keys(pluginConfig).length > 0 ? { plugin_config: pluginConfig } : {}),
  };
}

function sequences({ maxSequences, idleCleanup, lowLatencyTransformation }: Stateful): object {
  return {
    stateful: true,
    ...(maxSequences === 500 ? {} : { max_sequence_number: maxSequences }),
    ...(idleCleanup ? {} : { idle_sequence_cleanup: false }),
    ...(lowLatencyTransformation ? { low_latency_transformation: true } : {}),
  };
}

function versionPolicy({ versionPolicy: { all, latest, specific } }: ModelSpec): object {
  if (specific) return { specific: { versions: specific.versions } };
  if (all) return { all: {} };
  return { latest: { num_versions: latest?.numVersions ?? 1 } };
}
