import type { ModelServer } from '../api/model-server.ts';
import type { Free } from './pod-volumes.ts';

/** The container's environment: what the server's traces need, then the user's own, which wins by name. */
export function serverEnvironment({ metadata, spec }: ModelServer): Free[] {
  const { otel } = spec.observability;
  // A ratio by itself would be looked at by no sampler.
  const sampler = otel?.sampler ?? (otel?.ratio === undefined ? undefined : 'parentbased_traceidratio');
  const own: Free[] = otel
    ? [
        { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        {
          name: 'OTEL_RESOURCE_ATTRIBUTES',
          value: `k8s.namespace.name=${metadata.namespace},k8s.pod.name=$(POD_NAME),modelserver.name=${metadata.name}`,
        },
        { name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: otel.endpoint },
        { name: 'OTEL_EXPORTER_OTLP_PROTOCOL', value: otel.protocol },
        ...(sampler === undefined ? [] : [{ name: 'OTEL_TRACES_SAMPLER', value: sampler }]),
        ...(otel.ratio === undefined ? [] : [{ name: 'OTEL_TRACES_SAMPLER_ARG', value: otel.ratio }]),
        ...(otel.headersSecretRef
          ? [
              {
                name: 'OTEL_EXPORTER_OTLP_HEADERS',
                valueFrom: { secretKeyRef: { name: otel.headersSecretRef.name, key: otel.headersSecretRef.key } },
              },
            ]
          : []),
      ]
    : [];
  const users: readonly Free[] = (spec.env ?? []).map((variable) => ({ ...variable }));
  const names = new Set(users.map(({ name }) => name));
  return [...own.filter(({ name }) => !names.has(name)), ...users];
}
