import { label } from '../api/names.ts';
import type { PodTemplate } from '../desired/pod-template.ts';
import type { Trouble } from './pod-facts.ts';
import type { Deployment } from './snapshot.ts';

export const noImageVolumes: Trouble = {
  reason: 'ImageVolumesUnsupported',
  message:
    'OCI images as volumes need Kubernetes 1.33 with the feature gate ImageVolume, or 1.35; use persistentVolumeClaim',
};

/** An API server whose feature gate is off leaves such volumes out of what it is sent, and says nothing. */
export function lostImageVolumes(
  { template, revision }: PodTemplate,
  deployment: Deployment | undefined,
): Trouble | undefined {
  const live = deployment?.spec?.template;
  if (live?.metadata?.labels?.[label.revision] !== revision) return undefined;
  const wanted = imageVolumes((template as typeof live).spec);
  const kept = imageVolumes(live.spec);
  return wanted.every((name) => kept.includes(name)) ? undefined : noImageVolumes;
}

type PodSpec = NonNullable<NonNullable<Deployment['spec']>['template']>['spec'];

function imageVolumes(spec: PodSpec): string[] {
  return (spec?.volumes ?? []).flatMap(({ name, image }) => (image ? [name] : []));
}
