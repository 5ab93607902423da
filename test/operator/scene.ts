import assert from 'node:assert/strict';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { serverConfig } from '../../src/operator/desired/server-config.ts';
import { grpcModelStatusSource } from '../../src/operator/models/grpc/grpc-model-status-source.ts';
import type { ConfigAnswer, ModelAnswer, ModelStatusSource } from '../../src/operator/models/model-status-source.ts';
import { systemClock } from '../../src/shared/clock.ts';
import { configRevision } from '../../src/shared/config-revision.ts';
import { captureLog } from '../support/captured-log.ts';
import { HealthClient } from '../support/health.ts';
import { modelServer } from '../support/model-server.ts';
import { type Cleanup, freePort, TestServer, temporaryFolder } from '../support/server.ts';

/** What a pod said at one time, and what its probe for readiness did. */
export interface Moment {
  /** In our words, what is so. */
  readonly when: string;
  /** `spec.models` of the resource at that time, as a user writes it. */
  readonly models: readonly ModelEntry[];
  /** The config that the operator makes of them: `c1`, `c2`, … for the first, the second, … text of a situation. */
  readonly config: string;
  readonly ready: boolean;
  /** By model. */
  readonly answers: Readonly<Record<string, ModelAnswer>>;
}

export interface ModelEntry {
  readonly name: string;
  readonly [field: string]: unknown;
}

/** Milliseconds in which a moment must come; machines may be busy. */
const patience = 90_000;

/** One pod without Kubernetes: the real server on real files, with the config that the operator makes, asked as the operator asks. */
export class Scene {
  /** The volume of models. */
  readonly folder: string;
  readonly moments: Moment[] = [];
  #models: readonly ModelEntry[] = [];
  /** The revisions of all configs, also of those of which the pod has not heard. */
  readonly #revisions: string[] = [];
  #server: TestServer | undefined;
  #port = 0;
  readonly #config: string;
  readonly #source: ModelStatusSource;
  readonly #cleanup: Cleanup;

  constructor(cleanup: Cleanup) {
    this.#cleanup = cleanup;
    const folder = temporaryFolder(cleanup);
    this.folder = join(folder, 'models');
    this.#config = join(folder, 'config.json');
    mkdirSync(this.folder);
    this.#source = grpcModelStatusSource({ clock: systemClock, log: captureLog().log, timeoutMs: 10_000 });
    cleanup.after(() => this.#source.close());
  }

  /** Which server this is; known once it has begun. */
  get engine(): string {
    return String(this.server.log.find(({ engine }) => engine !== undefined)?.engine);
  }

  get server(): TestServer {
    return this.#server ?? assert.fail('no server has been started');
  }

  /** `spec.models` from here on, of which the pod has not heard. */
  wish(...models: readonly ModelEntry[]): void {
    this.#models = models;
    const revision = configRevision(this.#text());
    if (!this.#revisions.includes(revision)) this.#revisions.push(revision);
  }

  /** `spec.models` from here on; resolves when the server has read the config that is made of it, or refused it. */
  async configure(...models: readonly ModelEntry[]): Promise<void> {
    const before = this.#timesRead();
    this.#writeConfig(models);
    await this.server.logged(() => this.#timesRead() > before);
  }

  #timesRead(): number {
    return this.server.log.filter(({ msg }) => /^The config file (was read|has problems)/.test(String(msg))).length;
  }

  #writeConfig(models: readonly ModelEntry[]): void {
    this.wish(...models);
    // As a kubelet writes it: whole, or not at all.
    writeFileSync(`${this.#config}.next`, this.#text());
    renameSync(`${this.#config}.next`, this.#config);
  }

  #text(): string {
    const repository = { persistentVolumeClaim: { claimName: 'models' }, mountPath: this.folder };
    return serverConfig(modelServer({ models: this.#models, repository }).spec);
  }

  /** A pod that has its address, and no server yet. */
  async prepare(...models: readonly ModelEntry[]): Promise<void> {
    this.#writeConfig(models);
    this.#port = await freePort();
  }

  /** @param models as in `prepare`, if that has not been called */
  async start(...models: readonly ModelEntry[]): Promise<void> {
    if (this.#port === 0) await this.prepare(...models);
    const server = new TestServer(this.#port, ['--config_path', this.#config, '--settle_milliseconds', '100'], {});
    this.#server = server;
    this.#cleanup.after(() => server.stop('SIGKILL'));
  }

  async kill(): Promise<void> {
    await this.server.stop('SIGKILL');
  }

  /** Waits for a time at which the pod says this, and says it still after its probe was asked; and records it. */
  async moment(
    when: string,
    isSo: (answer: Readonly<Record<string, string>>, config: Readonly<Record<string, string>>) => boolean,
  ): Promise<void> {
    const end = performance.now() + patience;
    for (;;) {
      const answers = await this.#ask();
      const ready = await this.#isReady();
      const isSteady = isDeepStrictEqual(await this.#ask(), answers);
      if (isSteady && isSo(brief(answers), configs(answers))) {
        const config = this.#neutral(configRevision(this.#text()));
        this.moments.push({ when, models: this.#models, config, ready, answers });
        return;
      }
      if (performance.now() > end) throw new Error(`not "${when}" but ${JSON.stringify({ ready, answers })}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async #ask(): Promise<Record<string, ModelAnswer>> {
    const names = this.#models.map(({ name }) => name);
    const pod = { host: '127.0.0.1', port: this.#port };
    const answers = Object.fromEntries(await this.#source.ask(pod, names, new AbortController().signal));
    return JSON.parse(JSON.stringify(answers), (_, value) =>
      typeof value === 'string' ? this.#neutral(value) : value,
    );
  }

  async #isReady(): Promise<boolean> {
    // As a kubelet asks: each time anew. A client that was refused once would wait before it tried again.
    const after: (() => unknown)[] = [];
    const health = new HealthClient({ after: (callback) => void after.push(callback) }, this.#port);
    const status = await health.check('');
    for (const callback of after) callback();
    return status === 'SERVING';
  }

  /** Nothing of this machine, nor of this run. */
  #neutral(text: string): string {
    const placeless = text.replaceAll(this.folder, '/models').replaceAll(`127.0.0.1:${this.#port}`, '10.0.0.1:9000');
    return this.#revisions.reduce((rest, revision, i) => rest.replaceAll(revision, `c${i + 1}`), placeless);
  }
}

/** By model, `2 AVAILABLE, 3 LOADING UNKNOWN`; or the kind of an answer without versions. */
function brief(answers: Readonly<Record<string, ModelAnswer>>): Record<string, string> {
  return Object.fromEntries(Object.entries(answers).map(([name, answer]) => [name, briefAnswer(answer)]));
}

/** By model, the config by which it is served. */
function configs(answers: Readonly<Record<string, ModelAnswer>>): Record<string, string> {
  const entries = Object.entries(answers);
  return Object.fromEntries(entries.map(([name, answer]) => [name, configOf(answer)?.inForce ?? 'untold']));
}

/** Which config the server told of. */
export function configOf(answer: ModelAnswer): ConfigAnswer | undefined {
  return answer.kind === 'versions' ? answer.config : undefined;
}

/** States and codes, which are the same in each recording. */
export function briefAnswer(answer: ModelAnswer): string {
  if (answer.kind !== 'versions') return answer.kind;
  return answer.versions
    .map(({ version, state, errorCode }) => `${version} ${state}${errorCode === 'OK' ? '' : ` ${errorCode}`}`)
    .join(', ');
}
