import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type Clock, sleep } from '../../shared/clock.ts';
import { configRevision } from '../../shared/config-revision.ts';
import type { ModelConfig } from '../config/model-config.ts';
import { modelTypeChanges } from '../config/model-type.ts';
import { type ParsedConfig, parseConfig } from '../config/parse-config.ts';
import { replaceModels } from '../config/replace-models.ts';
import { Looker } from './looker.ts';
import type { WatchOptions } from './watch-options.ts';

/** Someone may be writing the file while it is read. */
const attempts = 3;
const betweenAttemptsMs = 50;

interface ReadConfig {
  /** Or, if there is none, why. */
  readonly text: string;
  /** Stands for the text, also to those who wrote it: the operator compares it with that of its own. */
  readonly revision: string | undefined;
  readonly parsed: ParsedConfig;
}

/** What a config file says at a time; a file that someone is just writing is read a few times. */
export async function readConfig(path: string, clock: Clock, known?: string): Promise<ReadConfig> {
  for (let attempt = 1; ; attempt++) {
    const read = await readOnce(path);
    if (!read.parsed.problems || attempt === attempts || read.text === known) return read;
    await sleep(clock, betweenAttemptsMs);
  }
}

async function readOnce(path: string): Promise<ReadConfig> {
  try {
    const text = await readFile(path, 'utf8');
    return { text, revision: configRevision(text), parsed: parseConfig(text, dirname(path)) };
  } catch (error) {
    const problem = `Config file not found or cannot open. - ${(error as Error).message}`;
    return { text: problem, revision: undefined, parsed: { problems: [problem] } };
  }
}

/** What a file says that has no problem. */
export type Configured = Extract<ParsedConfig, { models: unknown }>;

/** Reads a config.json, and again whenever what it says has changed. */
export class ConfigWatch {
  readonly #path: string;
  readonly #options: WatchOptions;
  readonly #configured: (config: Configured, revision: string | undefined) => Promise<void>;
  readonly #looker: Looker;
  #text: string | undefined;
  /** Resolves, in any case, when the models that were read last have been looked at. */
  #configuring = Promise.resolve();
  /** The metrics that the file asked for at the start. */
  #metrics = '';
  #problems: readonly string[] = [];
  #refused: string | undefined;
  /** What is in force. */
  #inForce: Configured = { models: [] };

  /** @param configured called with each version of the file that has no problem, and with what stands for it */
  constructor(
    path: string,
    options: WatchOptions,
    configured: (config: Configured, revision: string | undefined) => Promise<void>,
  ) {
    this.#path = resolve(path);
    this.#options = options;
    this.#configured = configured;
    this.#looker = new Looker(this.#path, () => this.#look(), options);
  }

  /** What is wrong with the file as last read; what it said before goes on. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  /** The revision of the file as last read, if it has problems. */
  get refused(): string | undefined {
    return this.#refused;
  }

  /** Resolves after the first reading, and after its models have been looked at. */
  start(): Promise<void> {
    return this.#looker.start();
  }

  /** Reads the file now. Resolves when its models have been looked at, to whether it says something else than before. */
  async reload(): Promise<boolean> {
    const before = this.#text;
    await this.#looker.now();
    await this.#configuring;
    return this.#text !== before;
  }

  /** What would be in force if these models were, and no others; or why they cannot be. */
  replacement(entries: readonly object[]): ReturnType<typeof replaceModels> {
    return replaceModels(entries, this.#inForce.models, dirname(this.#path));
  }

  /** These models, beside the pipelines that there are, are in force until the file says something else than it did last. Resolves when they have been looked at. */
  async replace(models: readonly ModelConfig[]): Promise<void> {
    this.#options.log.info({ models: models.map(({ name }) => name) }, 'The models were replaced by a request');
    this.#problems = [];
    this.#refused = undefined;
    this.#inForce = { ...this.#inForce, models };
    await this.#configured(this.#inForce, undefined);
  }

  stop(): Promise<void> {
    return this.#looker.stop();
  }

  async #look(): Promise<void> {
    const { log } = this.#options;
    const { text, revision, parsed } = await readConfig(this.#path, this.#options.clock, this.#text);
    if (text === this.#text) return;
    const first = this.#text === undefined;
    this.#text = text;
    const problems = parsed.problems ?? modelTypeChanges(this.#inForce.models, parsed.models);
    this.#problems = problems;
    this.#refused = problems.length > 0 ? revision : undefined;
    if (parsed.problems || problems.length > 0) {
      log.error(
        { config_path: this.#path, problems },
        first ? 'The config file has problems' : 'The config file has problems; what it said before stays in force',
      );
      return;
    }
    this.#inForce = parsed;
    const metrics = [...(parsed.metrics ?? [])].join();
    if (first) this.#metrics = metrics;
    else if (metrics !== this.#metrics) {
      log.warn({ config_path: this.#path }, 'The section monitoring has changed; it is read at the start only');
    }
    const pipelines = parsed.pipelines?.pipelines.map(({ name }) => name);
    const models = parsed.models.map(({ name }) => name);
    log.info({ config_path: this.#path, models, ...(pipelines && { pipelines }) }, 'The config file was read');
    const configured = this.#configured(parsed, revision);
    // Later on, a folder that keeps one waiting must not keep the file from being read again.
    if (first) await configured;
    else {
      this.#configuring = configured.catch((error) =>
        log.error({ err: error }, 'The models of the config file could not be looked at'),
      );
    }
  }
}
