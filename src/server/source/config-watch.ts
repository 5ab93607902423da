import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type Clock, sleep } from '../../shared/clock.ts';
import type { ModelConfig } from '../config/model-config.ts';
import { type ParsedConfig, parseConfig } from '../config/parse-config.ts';
import { Looker } from './looker.ts';
import type { WatchOptions } from './watch-options.ts';

/** Someone may be writing the file while it is read. */
const attempts = 3;
const betweenAttemptsMs = 50;

/** What a config file says at a time; a file that someone is just writing is read a few times. */
export async function readConfig(
  path: string,
  clock: Clock,
  known?: string,
): Promise<{ text: string; parsed: ParsedConfig }> {
  for (let attempt = 1; ; attempt++) {
    const { text, parsed } = await readOnce(path);
    if (!parsed.problems || attempt === attempts || text === known) return { text, parsed };
    await sleep(clock, betweenAttemptsMs);
  }
}

async function readOnce(path: string): Promise<{ text: string; parsed: ParsedConfig }> {
  try {
    const text = await readFile(path, 'utf8');
    return { text, parsed: parseConfig(text, dirname(path)) };
  } catch (error) {
    const problem = `Config file not found or cannot open. - ${(error as Error).message}`;
    return { text: problem, parsed: { problems: [problem] } };
  }
}

/** Reads a config.json, and again whenever what it says has changed. */
export class ConfigWatch {
  readonly #path: string;
  readonly #options: WatchOptions;
  readonly #configured: (models: readonly ModelConfig[]) => Promise<void>;
  readonly #looker: Looker;
  #text: string | undefined;
  /** Resolves, in any case, when the models that were read last have been looked at. */
  #configuring = Promise.resolve();
  /** The metrics that the file asked for at the start. */
  #metrics = '';
  #problems: readonly string[] = [];

  /** @param configured called with the models of each version of the file that has no problem */
  constructor(path: string, options: WatchOptions, configured: (models: readonly ModelConfig[]) => Promise<void>) {
    this.#path = resolve(path);
    this.#options = options;
    this.#configured = configured;
    this.#looker = new Looker(this.#path, () => this.#look(), options);
  }

  /** What is wrong with the file as last read; what it said before goes on. */
  get problems(): readonly string[] {
    return this.#problems;
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

  stop(): Promise<void> {
    return this.#looker.stop();
  }

  async #look(): Promise<void> {
    const { log } = this.#options;
    const { text, parsed } = await readConfig(this.#path, this.#options.clock, this.#text);
    if (text === this.#text) return;
    const first = this.#text === undefined;
    this.#text = text;
    this.#problems = parsed.problems ?? [];
    if (parsed.problems) {
      log.error(
        { config_path: this.#path, problems: parsed.problems },
        first ? 'The config file has problems' : 'The config file has problems; what it said before stays in force',
      );
      return;
    }
    const metrics = [...(parsed.metrics ?? [])].join();
    if (first) this.#metrics = metrics;
    else if (metrics !== this.#metrics) {
      log.warn({ config_path: this.#path }, 'The section monitoring has changed; it is read at the start only');
    }
    log.info({ config_path: this.#path, models: parsed.models.map(({ name }) => name) }, 'The config file was read');
    const configured = this.#configured(parsed.models);
    // Later on, a folder that keeps one waiting must not keep the file from being read again.
    if (first) await configured;
    else {
      this.#configuring = configured.catch((error) =>
        log.error({ err: error }, 'The models of the config file could not be looked at'),
      );
    }
  }
}
