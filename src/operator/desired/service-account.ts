import type { Builder } from './builder.ts';
import { owned } from './owned.ts';

/** An identity without rights and without a token: models need none. Not made where the user brings another. */
export const serviceAccount: Builder = (owner) => {
  if (owner.spec.template.serviceAccountName) return undefined;
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: owned(owner, owner.metadata.name),
    automountServiceAccountToken: false,
  };
};
