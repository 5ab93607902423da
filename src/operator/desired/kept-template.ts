import { canonicalJson, contentHash } from '../../shared/content-hash.ts';
import { annotation, label } from '../api/names.ts';
import type { PodTemplate } from './pod-template.ts';
import type { Free } from './pod-volumes.ts';

type Annotations = Readonly<Record<string, string>>;

/** Of an object's annotations, Kubernetes takes 256 KiB. A template that is larger than this rolls with the operator. */
const mostBytes = 128 * 1024;

/** What a Deployment is annotated with, so that an operator that renders pods otherwise knows what they were made from. */
export function templateAnnotations({ inputs, template }: PodTemplate): Annotations {
  const text = canonicalJson({ inputs, template });
  return Buffer.byteLength(text) > mostBytes ? {} : { [annotation.template]: text };
}

/**
 * The template that a Deployment is to have: the one that it was given before as long as what that was made from is the same,
 * whatever this operator would make of it. So pods roll when somebody wants other pods, and not because of an operator's upgrade.
 * @param live the annotations of the Deployment that is there
 * @param mayUpgrade asked where the resource is as before, and the operator wants other pods: whether they may be replaced now
 */
export function keptTemplate(
  rendered: PodTemplate,
  live: Annotations | undefined,
  mayUpgrade: () => boolean,
): PodTemplate {
  const before = readTemplate(live?.[annotation.template]);
  if (!before || before.inputs.spec !== rendered.inputs.spec) return rendered;
  if (canonicalJson(before.inputs) === canonicalJson(rendered.inputs)) return before;
  return before.revision === rendered.revision || mayUpgrade() ? rendered : before;
}

/** @returns undefined for what no operator has written like this: it is not what the pods were made from */
function readTemplate(text: string | undefined): PodTemplate | undefined {
  if (text === undefined) return undefined;
  try {
    const { inputs, template } = JSON.parse(text) as Pick<PodTemplate, 'inputs' | 'template'>;
    const { metadata } = template as { readonly metadata: { readonly labels: Annotations } };
    const { [label.revision]: revision, ...labels } = metadata.labels;
    const unmarked: Free = { ...template, metadata: { ...metadata, labels } };
    const isWhole = inputs !== undefined && revision !== undefined && revision === contentHash(unmarked);
    return isWhole ? { revision, inputs, template } : undefined;
  } catch {
    return undefined;
  }
}
