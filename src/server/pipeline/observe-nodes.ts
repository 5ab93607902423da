import { attribute } from '../observe/attributes.ts';
import { inferTraced } from '../observe/infer-traced.ts';
import type { PipelineMeter } from '../observe/meter.ts';
import type { Attributes, Span } from '../observe/span.ts';
import type { Plan, PlannedNode } from './plan.ts';
import type { RunCall } from './run.ts';

/**
 * How nodes are observed: each time that one runs is a span and a measurement.
 * @returns undefined if nobody wants to know
 */
export function observeNodes(plan: Plan, span: Span | undefined, meter: PipelineMeter | undefined): RunCall['observe'] {
  if (!span && !meter) return undefined;
  return (place, run) => {
    const node = plan.nodes[place]!;
    const begin = performance.now();
    const done = () => meter?.nodeRan(node.name, performance.now() - begin);
    const result = span ? traced(span, node, run) : run();
    if (!(result instanceof Promise)) {
      done();
      return result;
    }
    return result.finally(done);
  };
}

async function traced<T>(parent: Span, node: PlannedNode, run: (onStart?: () => void) => T | Promise<T>): Promise<T> {
  const span = parent.child(`node ${node.name}`, attributesOf(node));
  try {
    const result = await (node.runs.kind === 'model' ? inferTraced(span, run) : run());
    span.end();
    return result;
  } catch (error) {
    span.end(error);
    throw error;
  }
}

function attributesOf({ name, runs }: PlannedNode): Attributes {
  const attributes = { [attribute.node]: name };
  return runs.kind === 'model' ? { ...attributes, [attribute.modelName]: runs.model } : attributes;
}
