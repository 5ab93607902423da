import { contentHash } from '../../shared/content-hash.ts';
import type { ModelServer } from '../api/model-server.ts';

/**
 * Raised where a change of what is in this folder must reach the pods that run, rather than those that are replaced anyway: all
 * pods of all ModelServers are replaced then, and CHANGELOG.md says so.
 */
export const templateGeneration = 1;

/** What a pod template is made from, apart from the program that makes it. As long as they stay, pods need not be replaced. */
export interface TemplateInputs {
  /** Hash of what the resource says of its pods. */
  readonly spec: string;
  /** Of the server: the resource's own, or the operator's. */
  readonly image: string;
  /** The `templateGeneration` of the program. */
  readonly generation: number;
}

/**
 * The inputs of `podTemplate`: each field of the spec that it reads, and no other. The hash is compared with those of operators of
 * before. So a field that is new in the CRD, which old resources then have with its default, is left out here while it has that
 * default; else all pods would roll. template-inputs.test.ts notices.
 */
export function templateInputs({ spec }: ModelServer, image: string): TemplateInputs {
  const { imagePullPolicy, imagePullSecrets, env, envFrom, template, server, repository, observability } = spec;
  // Models of the repository are config; those with volumes of their own are mounts.
  const models = (spec.models ?? [])
    .filter((model) => model.image ?? model.persistentVolumeClaim)
    .map(({ name, image, persistentVolumeClaim }) => ({ name, image: image && volumeOf(image), persistentVolumeClaim }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const said = {
    ...{ image: spec.image, imagePullPolicy, imagePullSecrets, env, envFrom, template, server, repository, models },
    ...{ metrics: observability.metrics.enabled, otel: observability.otel },
  };
  return { spec: contentHash(said), image, generation: templateGeneration };
}

/** Where in the image the versions lie is config. */
function volumeOf({ reference, pullPolicy }: { readonly reference: string; readonly pullPolicy?: string }): object {
  return { reference, pullPolicy };
}
