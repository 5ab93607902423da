import type { ModelServer } from '../../src/operator/api/model-server.ts';
import { label } from '../../src/operator/api/names.ts';
import { type PodTemplate, podTemplate } from '../../src/operator/desired/pod-template.ts';
import { contentHash } from '../../src/shared/content-hash.ts';

/** The pods as another version of the operator renders them, which lets Kubernetes' own services into the environment. */
export function earlierRendering(owner: ModelServer, image: string): PodTemplate {
  const { inputs, template } = podTemplate(owner, image);
  const { metadata, spec } = template as { metadata: { labels: Record<string, string> }; spec: object };
  const { [label.revision]: _, ...labels } = metadata.labels;
  const bare = { ...template, metadata: { ...metadata, labels }, spec: { ...spec, enableServiceLinks: true } };
  const revision = contentHash(bare);
  const marked = { ...bare, metadata: { ...metadata, labels: { ...labels, [label.revision]: revision } } };
  return { revision, inputs, template: marked };
}
