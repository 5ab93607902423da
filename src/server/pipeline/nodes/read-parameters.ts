import type { NodeParameters } from '../node-module.ts';

/** The parameters of a node, which are texts, as what they stand for. What is wrong is told by the parameter's name. */
export class ReadParameters {
  readonly #parameters: NodeParameters;

  constructor(parameters: NodeParameters) {
    this.#parameters = parameters;
  }

  /** @throws Error if it is absent without a default, no integer, or not between `min` and `max` */
  integer(
    name: string,
    { min, max = 2 ** 31 - 1, otherwise }: { min: number; max?: number; otherwise?: number },
  ): number {
    const text = this.#parameters[name];
    if (text === undefined && otherwise !== undefined) return otherwise;
    const value = text !== undefined && /^\s*[+-]?\d+\s*$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw wrong(name, `an integer from ${min}${max < 2 ** 31 - 1 ? ` to ${max}` : ''}`, text);
  }

  /** @throws Error if it is absent without a default, no number, or not between `min` and `max` */
  number(name: string, { min, max, otherwise }: { min: number; max: number; otherwise?: number }): number {
    const text = this.#parameters[name];
    if (text === undefined && otherwise !== undefined) return otherwise;
    const value = parse(text);
    if (value !== undefined && value >= min && value <= max) return value;
    const upTo = max === Number.POSITIVE_INFINITY ? '' : ` to ${max}`;
    throw wrong(name, min === Number.NEGATIVE_INFINITY ? 'a number' : `a number from ${min}${upTo}`, text);
  }

  /** A list like `[1.5,2]`; `[]` and an absent one are empty. */
  numbers(name: string): number[] {
    const text = this.#parameters[name] ?? '[]';
    const inside = /^\s*\[(.*)\]\s*$/s.exec(text)?.[1];
    if (inside === undefined) throw wrong(name, 'a list of numbers, like [1,2,3]', text);
    if (inside.trim() === '') return [];
    return inside.split(',').map((item) => {
      const value = parse(item);
      if (value === undefined) throw wrong(name, 'a list of numbers, like [1,2,3]', text);
      return value;
    });
  }

  choice<T extends string>(name: string, choices: readonly T[], otherwise?: T): T {
    const text = this.#parameters[name];
    if (text === undefined && otherwise !== undefined) return otherwise;
    const found = choices.find((choice) => choice === text);
    if (found !== undefined) return found;
    throw wrong(name, choices.join(' or '), text);
  }

  /** `true`; everything else is false. */
  flag(name: string): boolean {
    return this.#parameters[name] === 'true';
  }

  has(name: string): boolean {
    return this.#parameters[name] !== undefined;
  }
}

function parse(text: string | undefined): number | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

function wrong(name: string, expected: string, actual: string | undefined): Error {
  const given = actual === undefined ? 'nothing' : JSON.stringify(actual);
  return new Error(`parameter ${name} - Expected: ${expected}; Actual: ${given}`);
}
