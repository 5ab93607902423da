// Writes the TypeScript types of the ModelServer resource from its CRD; with --check, only compares.
import { type CustomResource, readCustomResource, type Schema, walk } from './crd-schema.ts';
import { finish, format } from './generated-file.ts';

export const typesFile = 'src/operator/api/model-server.ts';

/** What the objects are called. Two of one name must be alike; an object without a name is an error, so that none is forgotten. */
const names: Readonly<Record<string, string>> = {
  spec: 'ModelServerSpec',
  'spec.imagePullSecrets[]': 'ImagePullSecret',
  'spec.autoscaling': 'Autoscaling',
  'spec.repository': 'Repository',
  'spec.repository.persistentVolumeClaim': 'RepositoryClaim',
  'spec.repository.hostPath': 'RepositoryHostPath',
  'spec.repository.image': 'RepositoryImage',
  'spec.repository.watch': 'RepositoryWatch',
  'spec.models[]': 'Model',
  'spec.models[].image': 'ModelImage',
  'spec.models[].persistentVolumeClaim': 'ModelClaim',
  'spec.models[].versionPolicy': 'VersionPolicy',
  'spec.models[].stateful': 'Stateful',
  'spec.models[].versionPolicy.latest': 'LatestVersions',
  'spec.models[].versionPolicy.specific': 'SpecificVersions',
  'spec.config': 'ConfigSource',
  'spec.config.configMapRef': 'ConfigMapKey',
  'spec.server': 'ServerSettings',
  'spec.server.tls': 'TlsSettings',
  'spec.env[]': 'EnvironmentVariable',
  'spec.service': 'ServiceSettings',
  'spec.rollout': 'RolloutSettings',
  'spec.template': 'PodSettings',
  'spec.template.resources': 'Resources',
  'spec.template.extraVolumes[]': 'ExtraVolume',
  'spec.template.extraVolumeMounts[]': 'ExtraVolumeMount',
  'spec.template.sidecars[]': 'Sidecar',
  'spec.disruptionBudget': 'DisruptionBudget',
  'spec.networkPolicy': 'NetworkPolicy',
  'spec.observability': 'Observability',
  'spec.observability.otel': 'OtelSettings',
  'spec.observability.otel.headersSecretRef': 'SecretKey',
  'spec.observability.metrics': 'MetricsSettings',
  'spec.observability.metrics.podMonitor': 'PodMonitorSettings',
  status: 'ModelServerStatus',
  'status.endpoints': 'Endpoints',
  'status.summary': 'StatusSummary',
  'status.models[]': 'ModelStatus',
  'status.models[].versions[]': 'VersionStatus',
  'status.rollout': 'RolloutStatus',
  'status.lastSuccessful': 'LastSuccessful',
  'status.conditions[]': 'Condition',
};

/** What the API server adds to every object. `KubeObject` of the cluster's room is satisfied by it. */
const metadata = `
/** What the API server keeps of every object, as far as the operator reads it. */
export interface ModelServerMetadata {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  /** Opaque: equal or not equal, never less or more. */
  readonly resourceVersion?: string;
  /** Counts the changes of the spec, from 1. */
  readonly generation: number;
  /** RFC 3339, in seconds. */
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}
`;

/** The text of the types' file, formatted. */
export function crdTypes(resource: CustomResource = readCustomResource()): string {
  const { spec, status } = resource.schema.properties ?? {};
  const parts = [
    '// Generated from crds/modelserver.dev_modelservers.yaml by scripts/generate-crd-types.ts. Do not edit.\n',
    `${docstring(resource.schema.description)}export interface ${resource.kind} {
       readonly apiVersion: '${resource.group}/${resource.version}';
       readonly kind: '${resource.kind}';
       readonly metadata: ModelServerMetadata;
       ${property('spec', spec!, true, 'spec')}
       ${property('status', status!, isThere(resource.schema, 'status'), 'status')}
     }\n`,
    metadata,
  ];
  const written = new Map<string, string>();
  for (const place of [...walk({ path: 'spec', schema: spec! }), ...walk({ path: 'status', schema: status! })]) {
    if (!place.schema.properties) continue;
    const name = nameOf(place.path);
    const text = interfaceOf(name, place.schema, place.path);
    if (written.has(name) && written.get(name) !== text) throw new Error(`two different objects are called ${name}`);
    if (!written.has(name)) parts.push(text);
    written.set(name, text);
  }
  return format(parts.join('\n'), typesFile);
}

function interfaceOf(name: string, schema: Schema, path: string): string {
  const properties = Object.entries(schema.properties ?? {}).map(([key, value]) =>
    property(key, value, isThere(schema, key), `${path}.${key}`),
  );
  if (schema['x-kubernetes-preserve-unknown-fields']) properties.push('readonly [field: string]: unknown;');
  return `${docstring(schema.description)}export interface ${name} {\n${properties.join('\n')}\n}\n`;
}

function property(key: string, schema: Schema, there: boolean, path: string): string {
  return `${docstring(schema.description)}readonly ${key}${there ? '' : '?'}: ${typeOf(schema, path)};`;
}

/** Whether every object that comes from the API server has this field. */
function isThere(schema: Schema, key: string): boolean {
  return schema.properties?.[key]?.default !== undefined || schema.required?.includes(key) === true;
}

function typeOf(schema: Schema, path: string): string {
  if (schema['x-kubernetes-int-or-string']) return 'number | string';
  if (schema.enum) return schema.enum.map((value) => `'${value}'`).join(' | ');
  switch (schema.type) {
    case 'string':
    case 'boolean':
      return schema.type;
    case 'integer':
      return 'number';
    case 'array':
      return `readonly ${inList(typeOf(schema.items!, `${path}[]`))}[]`;
    case 'object':
      if (schema.properties) return nameOf(path);
      if (schema.additionalProperties) {
        return `Readonly<Record<string, ${typeOf(schema.additionalProperties, `${path}{}`)}>>`;
      }
      return `Readonly<Record<string, ${schema['x-kubernetes-preserve-unknown-fields'] ? 'unknown' : 'never'}>>`;
    default:
      throw new Error(`${path} has no type that the generator knows`);
  }
}

function inList(type: string): string {
  return type.includes(' | ') ? `(${type})` : type;
}

function nameOf(path: string): string {
  const name = names[path];
  if (name === undefined) throw new Error(`${path} has no name: add one to ${import.meta.filename}`);
  return name;
}

/** A comment of lines that leave room for the indent, or nothing. */
function docstring(description: string | undefined): string {
  if (description === undefined) return '';
  const lines = [''];
  for (const word of description.trim().split(/\s+/)) {
    const line = lines.at(-1)!;
    if (line !== '' && line.length + word.length > 112) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.length === 1 ? `/** ${lines[0]} */\n` : `/**\n${lines.map((line) => ` * ${line}\n`).join('')} */\n`;
}

if (import.meta.main) finish(typesFile, crdTypes(), process.argv);
