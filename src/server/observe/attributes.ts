/**
 * Attributes of our own: OpenTelemetry's conventions have none for served models (`gen_ai.*` is for generative ones).
 * docs/telemetry.md lists them with those of the conventions.
 */
export const attribute = {
  modelName: 'modelserver.model.name',
  modelVersion: 'modelserver.model.version',
  /** Name of a pipeline's node. */
  node: 'modelserver.pipeline.node',
  /** Size of the batch dimension of the request's first input. */
  batchSize: 'modelserver.batch.size',
} as const;
