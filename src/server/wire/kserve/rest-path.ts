import type { ServableSpec } from '../../model/inference.ts';

/** What a path of KServe's REST API asks of a model. */
export interface RestPath {
  readonly name: string;
  /** As it is written. */
  readonly version: number | undefined;
  readonly what: 'metadata' | 'ready' | 'infer';
}

const pattern = /^\/v2\/models\/(?<name>[^/]+)(?:\/versions\/(?<version>\d+))?(?:\/(?<what>ready|infer))?$/;

/**
 * `/v2/models/NAME[/versions/V][/ready|/infer]`, as it stands in the request's first line.
 * @returns undefined for any other path
 */
export function parseRestPath(path: string): RestPath | undefined {
  const groups = pattern.exec(path)?.groups;
  if (!groups) return undefined;
  const version = groups.version === undefined ? undefined : Number(groups.version);
  if (version !== undefined && !Number.isSafeInteger(version)) return undefined;
  const what = (groups.what ?? 'metadata') as RestPath['what'];
  try {
    return { name: decodeURIComponent(groups.name!), version, what };
  } catch {
    return undefined;
  }
}

/** For an inference version 0 asks for none; ModelReady and ModelMetadata do not know it. */
export function servableOf({ name, version, what }: RestPath): ServableSpec {
  return version === undefined || (what === 'infer' && version === 0) ? { name } : { name, version };
}
