import { configRevision } from '../../shared/config-revision.ts';
import { annotation } from '../api/names.ts';
import type { Builder } from './builder.ts';
import { owned } from './owned.ts';
import { configFile } from './server-arguments.ts';

/** The server's config. Its name stays the same, so that a change reaches the pods that run. */
export const configMap: Builder = (owner, { config }) => {
  const metadata = owned(owner, `${owner.metadata.name}-config`, { [annotation.config]: configRevision(config) });
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { [configFile]: config } };
};
