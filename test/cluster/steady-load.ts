import { join } from 'node:path';
import { Client, elements, floats, type PredictResponse } from '../../examples/clients/typescript/client.ts';
import { readDigit } from '../../examples/clients/typescript/digit-image.ts';

export const digits = join(import.meta.dirname, '../../examples/digits');

export interface Answer {
  readonly digit: number | undefined;
  readonly version: string;
}

/** Asks the model digits for the picture of a seven. @param version which one; as a ModelSpec has it */
export async function predictSeven(client: Client, version: object = {}): Promise<Answer> {
  const inputs = { image: floats(await readDigit(join(digits, 'images/7.png')), 1, 8, 8, 1) };
  const request = { model_spec: { name: 'digits', ...version }, inputs };
  const { outputs, model_spec } = await client.call<PredictResponse>('PredictionService', 'Predict', request);
  return { digit: elements(outputs.digit!)[0], version: model_spec.version.value };
}

export interface LoadReport {
  readonly answered: number;
  /** What went wrong, each with when it was sent, in milliseconds after the load began. */
  readonly failures: readonly string[];
  /** How many answers came from which version. */
  readonly versions: Readonly<Record<string, number>>;
  readonly longestMs: number;
}

/** Requests at a steady rate, whatever becomes of them, until it is stopped. */
export class SteadyLoad {
  readonly #client: Client;
  readonly #start = performance.now();
  readonly #timer: NodeJS.Timeout;
  readonly #underWay = new Set<Promise<void>>();
  readonly #failures: string[] = [];
  readonly #versions: Record<string, number> = {};
  #answered = 0;
  #longestMs = 0;
  #sent = 0;

  constructor(address: string, perSecond: number) {
    this.#client = new Client(address);
    this.#timer = setInterval(() => {
      // A timer that comes late makes up for it: the rate is what was promised.
      const due = ((performance.now() - this.#start) / 1000) * perSecond;
      while (this.#sent < due) this.#send();
    }, 1000 / perSecond);
  }

  async stop(): Promise<LoadReport> {
    clearInterval(this.#timer);
    await Promise.all(this.#underWay);
    this.#client.close();
    return {
      answered: this.#answered,
      failures: this.#failures,
      versions: this.#versions,
      longestMs: Math.round(this.#longestMs),
    };
  }

  #send(): void {
    this.#sent++;
    const began = performance.now();
    const request = predictSeven(this.#client)
      .then(({ digit, version }) => {
        if (digit !== 7) throw new Error(`a 7 was read as ${digit}`);
        this.#answered++;
        this.#versions[version] = (this.#versions[version] ?? 0) + 1;
        this.#longestMs = Math.max(this.#longestMs, performance.now() - began);
      })
      .catch((error: Error) => {
        this.#failures.push(`${Math.round(began - this.#start)} ms: ${error.message}`);
      })
      .finally(() => this.#underWay.delete(request));
    this.#underWay.add(request);
  }
}
