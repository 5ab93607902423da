import { convertLayouts } from './convert-layouts.ts';
import { convertBatchSize, convertShapes } from './convert-shapes.ts';
import { convertPath } from './model-location.ts';
import type { Notes } from './notes.ts';
import { isFields, type OldFields } from './old-fields.ts';
import { present, unless } from './present.ts';

/** What the old resource had where nothing was written. */
const nameByDefault = 'resnet';
const pluginConfigByDefault = { PERFORMANCE_HINT: 'LATENCY' };

const mostVersions = 16;

const mostSequences = 100_000;

/** Characters of an OpenVINO property's value. */
const longestProperty = 1024;

/** The one model of the old resource's single-model mode. */
export function convertModel(fields: OldFields, notes: Notes, resource: string, hasVolume: boolean): object {
  const name = convertName(fields, notes);
  const path = convertPath(fields, notes, resource, hasVolume);
  const shapes = convertShapes(fields, notes);
  return {
    name,
    ...present({
      path: path === '' || path === name ? undefined : path,
      versionPolicy: convertVersionPolicy(fields, notes),
      targetDevice: unless(fields.text('models_settings.target_device', 64), 'CPU'),
      batchSize: convertBatchSize(fields, notes, shapes !== undefined),
      ...shapes,
      ...convertLayouts(fields, notes),
      stateful: convertStateful(fields),
      nireq: unless(fields.integer('models_settings.nireq', 0, 100_000), 0),
      pluginConfig: convertPluginConfig(fields, notes),
    }),
  };
}

function convertName(fields: OldFields, notes: Notes): string {
  const field = 'models_settings.model_name';
  const written = fields.text(field, 1024);
  if (written === undefined) notes.tell(field, `${nameByDefault} (the default)`, 'Clients go on with this name.');
  const name = written ?? nameByDefault;
  const valid =
    name
      .replace(/[^A-Za-z0-9_.-]/g, '-')
      .replace(/^[^A-Za-z0-9]+/, '')
      .slice(0, 63) || 'model';
  if (valid !== name) {
    notes.todo(
      field,
      name,
      `Names are 1 to 63 letters, digits, "_", "." and "-" here: clients are to ask for ${valid}.`,
    );
  }
  return valid;
}

function convertVersionPolicy(fields: OldFields, notes: Notes): object | undefined {
  const field = 'models_settings.model_version_policy';
  const policy = fields.json(field);
  if (!policy) return undefined;
  const wrong = (advice: string) => {
    notes.todo(field, policy, advice);
    return undefined;
  };
  const [kind, ...others] = Object.keys(policy);
  const details = policy[kind!];
  if (others.length > 0 || !isFields(details)) return wrong('This is no version policy; write versionPolicy by hand.');
  switch (kind) {
    case 'all':
      return { all: {} };
    case 'latest': {
      const count = Number(details.num_versions ?? 1);
      if (!Number.isInteger(count) || count < 1) return wrong('Write versionPolicy.latest.numVersions by hand.');
      if (count > mostVersions)
        notes.todo(field, policy, `At most ${mostVersions} versions here; all: {} has no bound.`);
      return count === 1 ? undefined : { latest: { numVersions: Math.min(count, mostVersions) } };
    }
    case 'specific': {
      const versions = Array.isArray(details.versions) ? [...new Set(details.versions.map(Number))] : [];
      const valid = versions.filter((version) => Number.isSafeInteger(version) && version >= 1);
      if (valid.length === 0 || valid.length < versions.length || valid.length > mostVersions) {
        notes.todo(
          field,
          policy,
          `Versions are 1 to ${mostVersions} numbers from 1; check versionPolicy.specific.versions.`,
        );
      }
      return valid.length > 0 ? { specific: { versions: valid.slice(0, mostVersions) } } : undefined;
    }
    default:
      return wrong('This is no version policy; write versionPolicy by hand.');
  }
}

function convertPluginConfig(fields: OldFields, notes: Notes): object | undefined {
  const field = 'models_settings.plugin_config';
  if (fields.value(field) === undefined) {
    notes.tell(field, `${JSON.stringify(pluginConfigByDefault)} (the default)`, 'Kept, for it was in effect.');
    return pluginConfigByDefault;
  }
  const entries: [name: string, value: number | string][] = [];
  for (const [name, value] of Object.entries(fields.json(field) ?? {})) {
    if (typeof value === 'boolean') entries.push([name, value ? 'YES' : 'NO']);
    else if (typeof value === 'string' && value.length <= longestProperty) entries.push([name, value]);
    else if (typeof value === 'number') entries.push([name, Number.isSafeInteger(value) ? value : String(value)]);
    else notes.todo(`${field}.${name}`, value, 'Properties are texts and numbers here; write this one by hand.');
  }
  return present(Object.fromEntries(entries));
}

function convertStateful(fields: OldFields): object | undefined {
  if (!fields.boolean('models_settings.is_stateful')) {
    for (const name of ['idle_sequence_cleanup', 'low_latency_transformation', 'max_sequence_number']) {
      fields.value(`models_settings.${name}`);
    }
    return undefined;
  }
  const sequences = present({
    maxSequences: unless(fields.integer('models_settings.max_sequence_number', 1, mostSequences), 500),
    idleCleanup: unless(fields.boolean('models_settings.idle_sequence_cleanup'), true),
    lowLatencyTransformation: unless(fields.boolean('models_settings.low_latency_transformation'), false),
  });
  return sequences ?? {};
}
