import { contentHash } from '../../shared/content-hash.ts';
import { wholeSeconds } from '../api/duration.ts';
import type { ModelServer } from '../api/model-server.ts';
import { label } from '../api/names.ts';
import { childLabels, podSelector } from './owned.ts';
import { type Free, podVolumes } from './pod-volumes.ts';
import { askedPort, healthPort } from './ports.ts';
import { present } from './present.ts';
import { serverArguments } from './server-arguments.ts';
import { serverEnvironment } from './server-environment.ts';
import { type TemplateInputs, templateInputs } from './template-inputs.ts';

export const containerName = 'modelserver';

/**
 * Seconds that a pod goes on as before after it was told to end: until every node has heard that it is no endpoint any more,
 * new connections still come to it.
 */
const preStopSeconds = 5;

/** Beside the wait and the drain, for the process to end. */
const marginSeconds = 10;

/** What the services of grpc.health.v1 are asked for by the probes. */
const livenessService = 'tensorflow.serving.ModelService';

export interface PodTemplate {
  /** Which rendering this is: another one makes the Deployment roll. */
  readonly revision: string;
  /** What it is made from, all of it. */
  readonly inputs: TemplateInputs;
  readonly template: Free;
}

/** The pods, restricted in the sense of Kubernetes' Pod Security Standards unless the user says otherwise. */
export function podTemplate(owner: ModelServer, image: string): PodTemplate {
  const { spec } = owner;
  const template = {
    metadata: {
      labels: { ...spec.template.labels, ...childLabels(owner) },
      annotations: { 'kubectl.kubernetes.io/default-container': containerName, ...spec.template.annotations },
    },
    spec: podSpec(owner, image),
  };
  const revision = contentHash(template);
  const { labels } = template.metadata;
  return {
    revision,
    inputs: templateInputs(owner, image),
    template: { ...template, metadata: { ...template.metadata, labels: { ...labels, [label.revision]: revision } } },
  };
}

function podSpec(owner: ModelServer, image: string): Free {
  const { spec } = owner;
  const { template } = spec;
  const { volumes, mounts } = podVolumes(owner);
  return present<Free>({
    serviceAccountName: template.serviceAccountName ?? owner.metadata.name,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds:
      template.terminationGracePeriodSeconds ?? preStopSeconds + wholeSeconds(spec.server.drainTimeout) + marginSeconds,
    imagePullSecrets: spec.imagePullSecrets,
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' }, ...template.podSecurityContext },
    runtimeClassName: template.runtimeClassName,
    priorityClassName: template.priorityClassName,
    nodeSelector: template.nodeSelector,
    affinity: template.affinity,
    tolerations: template.tolerations,
    topologySpreadConstraints: template.topologySpreadConstraints ?? usualSpread(owner),
    volumes,
    containers: [container(owner, image, mounts), ...(template.sidecars ?? [])],
  });
}

function container(owner: ModelServer, image: string, volumeMounts: readonly Free[]): Free {
  const { spec } = owner;
  const env = serverEnvironment(owner);
  const health = healthPort(spec.server);
  return present<Free>({
    name: containerName,
    image,
    imagePullPolicy: spec.imagePullPolicy,
    args: serverArguments(spec),
    env: env.length > 0 ? env : undefined,
    envFrom: spec.envFrom,
    ports: [
      { name: 'grpc', containerPort: spec.server.grpcPort, protocol: 'TCP' },
      { name: 'http', containerPort: spec.server.httpPort, protocol: 'TCP' },
      ...(health === undefined ? [] : [{ name: 'health', containerPort: health, protocol: 'TCP' }]),
    ],
    resources: spec.template.resources,
    volumeMounts,
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
      ...spec.template.securityContext,
    },
    ...probes(askedPort(spec.server)),
    lifecycle: { preStop: { sleep: { seconds: preStopSeconds } } },
    // A server that cannot start says why on its last line.
    terminationMessagePolicy: 'FallbackToLogsOnError',
  });
}

/**
 * Startup asks for life only: the port is open before models are loaded, and a model may take as long as it takes. What is
 * said by default as well is said here too, so that each probe reads whole.
 */
function probes(port: number): Free {
  const probe = (service: string, periodSeconds: number, failureThreshold: number, timeoutSeconds: number) => ({
    grpc: { port, service },
    periodSeconds,
    failureThreshold,
    timeoutSeconds,
  });
  return {
    startupProbe: probe(livenessService, 1, 120, 1),
    livenessProbe: probe(livenessService, 10, 3, 5),
    readinessProbe: probe('', 2, 2, 2),
  };
}

/** Over nodes and zones, as far as it can be had. */
function usualSpread(owner: ModelServer): Free[] {
  return ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map((topologyKey) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: podSelector(owner) },
    matchLabelKeys: ['pod-template-hash'],
  }));
}
