import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chart, type Helm, type HelmRun } from '../../support/helm.ts';
import type { ControlPlane } from '../control-plane.ts';

/** Helm on a control plane. */
export class Releases {
  readonly #helm: Helm;
  readonly #plane: ControlPlane;

  constructor(helm: Helm, plane: ControlPlane) {
    this.#helm = helm;
    this.#plane = plane;
  }

  /** Where its outcome is of interest, whatever that is. */
  run(parameters: readonly string[], values: object = {}): Promise<HelmRun> {
    const { kubeconfig, directory } = this.#plane;
    const input = JSON.stringify(values);
    return this.#helm.run(parameters, { input, env: { KUBECONFIG: kubeconfig, HOME: directory } });
  }

  /** @throws with Helm's words unless it succeeds */
  async succeed(parameters: readonly string[], values: object = {}): Promise<string> {
    const { ok, output, errors } = await this.run(parameters, values);
    if (!ok) throw new Error(`${this.#helm.name} ${parameters.join(' ')}: ${errors}`);
    return output;
  }

  /** A copy of the chart as it was, so to say, a version before: its resource lacks a printer column and a short name. */
  olderChart(): string {
    const copy = mkdtempSync(join(this.#plane.directory, 'chart-'));
    cpSync(chart, copy, { recursive: true });
    edit(join(copy, 'Chart.yaml'), /^version: .*$/m, 'version: 0.0.1');
    edit(join(copy, 'templates/crd-modelservers.yaml'), /shortNames: \[msv\]/, 'shortNames: []');
    edit(join(copy, 'templates/crd-modelservers.yaml'), /^ +- name: Reason\n( {10}.*\n)+/m, '');
    return copy;
  }
}

function edit(path: string, what: RegExp, by: string): void {
  const text = readFileSync(path, 'utf8');
  if (!what.test(text)) throw new Error(`${path} has no ${what}`);
  writeFileSync(path, text.replace(what, by));
}
