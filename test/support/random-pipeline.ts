import fc from 'fast-check';
import type { Condition, NodeDefinition, PipelineDefinition } from '../../src/server/model/pipeline.ts';
import { modelNode, pipeline } from './pipeline-definition.ts';

/** How many shards the models `spread` make. */
export const spreadCounts = [1, 2, 3] as const;

/** A value of two numbers, by what it is computed of. */
type Expression =
  | { readonly kind: 'input'; readonly index: number }
  | { readonly kind: 'op'; readonly op: Operation; readonly of: readonly Term[] }
  | { readonly kind: 'when'; readonly of: Expression; readonly test: Term; readonly least: number }
  | { readonly kind: 'shard'; readonly segment: Segment }
  | { readonly kind: 'fold'; readonly segment: Segment; readonly of: Term };

type Operation = 'add' | 'times' | 'sum' | 'product';

/** A value, and what gives it. */
interface Term {
  readonly expression: Expression;
  /** As `node.item`. */
  readonly source: string;
  /** No number in it is larger than this: sums of what is not larger than 2^24 are exact. */
  readonly most: number;
}

/** What runs for each shard of a value. */
interface Segment {
  readonly name: string;
  readonly count: number;
  readonly of: Term;
}

export interface RandomPipeline {
  /** No number on the way is larger: up to 2^24, all of them are exact. */
  readonly most: number;
  readonly definition: PipelineDefinition;
  readonly inputs: readonly string[];
  /** What the outputs have to be, by their names: shape and elements. */
  evaluate(inputs: readonly (readonly [number, number])[]): Record<string, string>;
}

const largest = 2 ** 18;

/**
 * Random pipelines of models over FP32 [1, 2]: `add` (b + 1), `times` (b * 2), `sum` (x + y), `product` (x * y), `spread1` to `spread3`, which
 * make of b as many shards, b + i each, `fold1` to `fold3`, which add as many shards up, and `total`, whose one number is the sum of b's. Demultiplexers
 * nest, and are gathered by nodes and at the exit; outside of them, some nodes have a condition on a total.
 */
export const randomPipeline: fc.Arbitrary<RandomPipeline> = fc
  .array(fc.nat(999), { minLength: 10, maxLength: 120 })
  .map((choices) => new Builder(choices).build())
  .filter(({ most }) => most < 2 ** 24);

class Builder {
  readonly #choices: readonly number[];
  #next = 0;
  #most = 0;
  readonly #nodes: NodeDefinition[] = [];
  readonly #results: { readonly term: Term; readonly within: readonly Segment[] }[] = [];

  constructor(choices: readonly number[]) {
    this.#choices = choices;
  }

  build(): RandomPipeline {
    const names = ['u', 'v'].slice(0, 1 + this.#choose(2));
    const inputs = names.map(
      (name, index): Term => ({ expression: { kind: 'input', index }, source: `request.${name}`, most: 8 }),
    );
    const terms = [...inputs];
    this.#grow(terms, [], 2 + this.#choose(10));
    // Whatever nobody takes becomes an output, and so do a few others.
    const outputs = Object.fromEntries(this.#results.map(({ term }, i) => [`out${i}`, term.source]));
    const unused = names.filter((name) => !this.#nodes.some((node) => takes(node, `request.${name}`)));
    for (const name of unused) this.#nodes.push(modelNode(`of-${name}`, 'add', { b: `request.${name}` }));
    const rest = unused.map((name): [string, Term] => {
      const of = inputs[names.indexOf(name)]!;
      return [name, { expression: { kind: 'op', op: 'add', of: [of] }, source: `of-${name}.a`, most: of.most + 1 }];
    });
    const all = [
      ...this.#results.map(({ term, within }, i) => ({ name: `out${i}`, term, within })),
      ...rest.map(([name, term]) => ({ name, term, within: [] as readonly Segment[] })),
    ];
    for (const [name, term] of rest) outputs[name] = term.source;
    return {
      most: this.#most,
      definition: pipeline(names, this.#nodes, outputs),
      inputs: names,
      evaluate: (values) => {
        const answers = all.map(({ name, term, within }) => [name, print(term, within, values)] as const);
        return Object.fromEntries(answers);
      },
    };
  }

  /** Adds nodes that take the terms, and makes results of what is left at the end. */
  #grow(terms: Term[], within: readonly Segment[], count: number): void {
    const taken = new Set<Term>();
    const pick = () => {
      const term = terms[this.#choose(terms.length)]!;
      taken.add(term);
      return term;
    };
    for (let i = 0; i < count; i++) {
      const what = this.#choose(8);
      if (what === 0 && within.length < 2) terms.push(...this.#segment(pick(), within));
      else terms.push(this.#operation(what, pick, within.length === 0));
    }
    for (const term of terms) {
      this.#most = Math.max(this.#most, term.most);
      const isInput = term.source.startsWith('request.');
      if ((!taken.has(term) && !isInput) || this.#choose(8) === 0) this.#results.push({ term, within });
    }
  }

  #operation(what: number, pick: () => Term, mayDepend: boolean): Term {
    const condition = mayDepend && this.#choose(4) === 0 ? this.#condition(pick()) : undefined;
    const term = this.#unconditional(what, pick, condition?.when);
    if (!condition) return term;
    const { test, when } = condition;
    return { ...term, expression: { kind: 'when', of: term.expression, test, least: when.value } };
  }

  #condition(test: Term): { readonly test: Term; readonly when: Condition } {
    const name = `t${this.#nodes.length}`;
    this.#nodes.push(modelNode(name, 'total', { b: test.source }));
    const value = this.#choose(20);
    return { test, when: { from: { node: name, item: 'a' }, comparison: 'at_least', value } };
  }

  #unconditional(what: number, pick: () => Term, when: Condition | undefined): Term {
    const name = `n${this.#nodes.length}`;
    const over = when ? { when } : {};
    const x = pick();
    let op: Operation = (['add', 'times', 'sum', 'product'] as const)[what % 4]!;
    // Of what is too large to multiply, sums are still exact.
    if (x.most > largest) op = 'sum';
    if (op === 'add' || op === 'times') {
      this.#nodes.push(modelNode(name, op, { b: x.source }, ['a'], over));
      const most = op === 'add' ? x.most + 1 : x.most * 2;
      return { expression: { kind: 'op', op, of: [x] }, source: `${name}.a`, most };
    }
    const y = pick();
    if (x.most * y.most > largest) op = 'sum';
    this.#nodes.push(modelNode(name, op, { x: x.source, y: y.source }, ['a'], over));
    const most = op === 'sum' ? x.most + y.most : x.most * y.most;
    return { expression: { kind: 'op', op, of: [x, y] }, source: `${name}.a`, most };
  }

  #segment(of: Term, within: readonly Segment[]): Term[] {
    const count = spreadCounts[this.#choose(spreadCounts.length)]!;
    const name = `s${this.#nodes.length}`;
    // Any number within others cannot go to the exit.
    const isDynamic = within.length === 0 && this.#choose(2) === 0;
    this.#nodes.push(
      modelNode(name, `spread${count}`, { b: of.source }, ['a'], { demultiply: isDynamic ? 'dynamic' : count }),
    );
    const segment: Segment = { name, count, of };
    const shards: Term[] = [{ expression: { kind: 'shard', segment }, source: `${name}.a`, most: of.most + count }];
    this.#grow(shards, [...within, segment], 1 + this.#choose(4));
    const folds = Array.from({ length: this.#choose(3) }, () => this.#fold(shards, segment));
    return folds;
  }

  #fold(shards: readonly Term[], segment: Segment): Term {
    const of = shards[this.#choose(shards.length)]!;
    const name = `f${this.#nodes.length}`;
    this.#nodes.push(modelNode(name, `fold${segment.count}`, { b: of.source }, ['a'], { gatherFrom: segment.name }));
    return { expression: { kind: 'fold', segment, of }, source: `${name}.a`, most: of.most * segment.count };
  }

  #choose(below: number): number {
    const choice = this.#choices[this.#next++ % this.#choices.length]!;
    return choice % below;
  }
}

function takes({ inputs }: NodeDefinition, source: string): boolean {
  return inputs.some(({ from }) => `${from.node}.${from.item}` === source);
}

type Values = readonly (readonly [number, number])[];

function print(term: Term, within: readonly Segment[], inputs: Values): string {
  const elements: number[] = [];
  let isThere = true;
  const each = (depth: number, at: ReadonlyMap<Segment, number>): void => {
    const segment = within[depth];
    if (!segment) {
      const numbers = numbersOf(term.expression, at, inputs);
      if (numbers) elements.push(...numbers);
      else isThere = false;
    } else for (let i = 0; i < segment.count; i++) each(depth + 1, new Map([...at, [segment, i]]));
  };
  each(0, new Map());
  const shape = [...within.map(({ count }) => count), 1, 2];
  return isThere ? `${shape}: ${elements}` : `${shape.with(0, 0)}: `;
}

/** Undefined for what is not computed, since a condition does not hold. */
function numbersOf(
  expression: Expression,
  at: ReadonlyMap<Segment, number>,
  inputs: Values,
): readonly [number, number] | undefined {
  const of = (term: Term, where = at) => numbersOf(term.expression, where, inputs);
  switch (expression.kind) {
    case 'input':
      return inputs[expression.index]!;
    case 'when': {
      const test = of(expression.test);
      return test && test[0] + test[1] >= expression.least ? numbersOf(expression.of, at, inputs) : undefined;
    }
    case 'shard': {
      const numbers = of(expression.segment.of);
      const i = at.get(expression.segment)!;
      return numbers && [numbers[0] + i, numbers[1] + i];
    }
    case 'fold': {
      const { segment } = expression;
      const shards = Array.from({ length: segment.count }, (_, i) => of(expression.of, new Map([...at, [segment, i]])));
      const sum = (place: 0 | 1) => shards.reduce((total, shard) => total + shard![place], 0);
      return shards.every((shard) => shard) ? [sum(0), sum(1)] : undefined;
    }
    case 'op': {
      const numbers = expression.of.flatMap((term) => {
        const pair = of(term);
        return pair ? [pair] : [];
      });
      if (numbers.length < expression.of.length) return undefined;
      const [x, y = x] = numbers;
      return [apply(expression.op, x![0], y![0]), apply(expression.op, x![1], y![1])];
    }
  }
}

function apply(op: Operation, x: number, y: number): number {
  switch (op) {
    case 'add':
      return x + 1;
    case 'times':
      return x * 2;
    case 'sum':
      return x + y;
    case 'product':
      return x * y;
  }
}
