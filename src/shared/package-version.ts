import { readFileSync } from 'node:fs';

/** The one version that server, operator and chart have. */
export function packageVersion(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
}
