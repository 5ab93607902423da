import { execFile } from 'node:child_process';
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

export interface HelmOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export class Helm {
  /** `helm3` or `helm4`. */
  readonly name: string;
  readonly #path: string;

  constructor(name: string, path: string) {
    this.name = name;
    this.#path = path;
  }

  /**
   * Reads nothing of the user's own Helm.
   * @param options.env its whole environment but for the PATH
   */
  run(parameters: readonly string[], options: HelmOptions = {}): Promise<HelmRun> {
    const { PATH } = process.env;
    const env = { PATH, HOME: '/nonexistent', ...options.env };
    return new Promise((resolve) => {
      const settings = { env, timeout: 120_000, maxBuffer: 64 << 20 };
      const child = execFile(this.#path, parameters, settings, (error, output, errors) =>
        resolve({ ok: error === null, output, errors: error && errors === '' ? error.message : errors }),
      );
      // A Helm that refuses its parameters does not read on.
      child.stdin?.on('error', () => {});
      child.stdin?.end(options.input ?? '');
    });
  }

  /** What `helm template` gives for the release `release` in the namespace `operators`. @throws with Helm's words */
  async render(values: object, ...parameters: string[]): Promise<readonly Rendered[]> {
    const { ok, output, errors } = await this.template(values, ...parameters);
    if (!ok) throw new Error(errors);
    return parseAllDocuments(output).flatMap((document) => {
      if ('errors' in document && document.errors.length > 0) throw document.errors[0];
      return (document.toJS() as Rendered | null) ?? [];
    });
  }

  template(values: object, ...parameters: string[]): Promise<HelmRun> {
    const flags = ['--namespace=operators', '--values=-', ...parameters];
    return this.run(['template', 'release', chart, ...flags], { input: JSON.stringify(values) });
  }
}

/**
 * Helm 3 and 4 from the folder, unless told that of KUBE_ASSETS; or whatever `helm` is on the PATH.
 * @returns none if there is none
 */
export async function findHelms(folder = process.env.KUBE_ASSETS): Promise<readonly Helm[]> {
  const found = ['helm3', 'helm4'].flatMap((name) => {
    const file = find(name, folder === undefined ? [] : [folder]);
    return file === undefined ? [] : new Helm(name, file);
  });
  if (found.length > 0) return found;
  const file = find('helm', (process.env.PATH ?? '').split(delimiter));
  if (file === undefined) return [];
  const { output } = await new Helm('helm', file).run(['version', '--short']);
  return [new Helm(`helm${/^v(\d+)/.exec(output)?.[1] ?? ''}`, file)];
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
