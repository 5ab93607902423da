import type { ServableSpec } from '../../model/inference.ts';

/** What a path of the TensorFlow Serving REST API asks for. */
export interface ModelPath {
  readonly servable: ServableSpec;
  readonly what: 'status' | 'metadata' | 'predict' | 'classify' | 'regress';
}

const pattern =
  /^\/v1\/models\/(?<name>[^/:]+)(?:\/versions\/(?<version>\d+)|\/labels\/(?<label>[^/:]+))?(?:\/(?<noun>metadata)|:(?<verb>predict|classify|regress))?$/;

/**
 * `/v1/models/NAME[/versions/V|/labels/L][:predict|/metadata]`, as it stands in the request's first line.
 * @returns undefined for any other path
 */
export function parseModelPath(path: string): ModelPath | undefined {
  const groups = pattern.exec(path)?.groups;
  if (!groups) return undefined;
  const name = decoded(groups.name!);
  const label = groups.label && decoded(groups.label);
  const version = Number(groups.version ?? 0);
  if (name === undefined || (groups.label && label === undefined) || !Number.isSafeInteger(version)) return undefined;
  const what = (groups.noun ?? groups.verb ?? 'status') as ModelPath['what'];
  if (label !== undefined && label !== '') return { servable: { name, label }, what };
  // Version 0 asks for the default one.
  return { servable: version === 0 ? { name } : { name, version }, what };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
