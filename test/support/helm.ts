import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { parseAllDocuments } from 'yaml';

export const chart = join(import.meta.dirname, '../../charts/modelserver-operator');

/** What of any Kubernetes object tests look at by name; the rest is free. */
export interface Rendered {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  // biome-ignore lint/suspicious/noExplicitAny: each kind has its own.
  readonly [field: string]: any;
}

export interface HelmRun {
  readonly ok: boolean;
  readonly output: string;
  readonly errors: string;
}

export class Helm {
  /** `helm3` or `helm4`. */
  readonly name: string;
  readonly #path: string;

  constructor(name: string, path: string) {
    this.name = name;
    this.#path = path;
  }

  /** Under an empty home: nothing of the user's own Helm is read. */
  run(
    parameters: readonly string[],
    options: { input?: string; env?: Readonly<Record<string, string>> } = {},
  ): HelmRun {
    const { status, stdout, stderr, error } = spawnSync(this.#path, parameters, {
      input: options.input ?? '',
      encoding: 'utf8',
      timeout: 120_000,
      env: { PATH: process.env.PATH, HOME: '/nonexistent', ...options.env },
    });
    if (error) throw error;
    return { ok: status === 0, output: stdout, errors: stderr };
  }

  /** As `helm template` gives it for the release `release` in the namespace `operators`. @throws with Helm's words */
  render(values: object, ...parameters: string[]): readonly Rendered[] {
    const { ok, output, errors } = this.template(values, ...parameters);
    if (!ok) throw new Error(errors);
    return parseAllDocuments(output).flatMap((document) => {
      if ('errors' in document && document.errors.length > 0) throw document.errors[0];
      return (document.toJS() as Rendered | null) ?? [];
    });
  }

  template(values: object, ...parameters: string[]): HelmRun {
    const flags = ['--namespace=operators', '--values=-', ...parameters];
    return this.run(['template', 'release', chart, ...flags], { input: JSON.stringify(values) });
  }
}

/**
 * Helm 3 and 4 from the folder that KUBE_ASSETS names, or whatever `helm` is on the PATH.
 * @returns none if there is none
 */
export function findHelms(): readonly Helm[] {
  const { KUBE_ASSETS: assets, PATH: path = '' } = process.env;
  const found = ['helm3', 'helm4'].flatMap((name) => {
    const file = find(name, assets === undefined ? [] : [assets]);
    return file === undefined ? [] : new Helm(name, file);
  });
  if (found.length > 0) return found;
  const file = find('helm', path.split(delimiter));
  if (file === undefined) return [];
  const version = new Helm('helm', file).run(['version', '--short']).output;
  return [new Helm(`helm${/^v(\d+)/.exec(version)?.[1] ?? ''}`, file)];
}

function find(name: string, folders: readonly string[]): string | undefined {
  return folders
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
