import { expand, type Layout, unknown } from '../model/layout.ts';

/**
 * The layout that fits both.
 * @param rank of the tensors
 * @returns undefined if they say different things of a dimension
 */
export function sharedLayout(a: Layout, b: Layout, rank: number): Layout | undefined {
  if (a === b) return a;
  const [left, right] = [expand(a, rank), expand(b, rank)];
  // What does not say as much as there are dimensions says nothing.
  if (left === undefined || right === undefined) return left === undefined ? b : a;
  let shared = '';
  for (let i = 0; i < rank; i++) {
    const [x, y] = [left[i]!, right[i]!];
    if (x !== '?' && y !== '?' && x !== y) return undefined;
    shared += x === '?' ? y : x;
  }
  return shared;
}

/** Of tensors stacked in more dimensions: the outermost is the batch now, and what was it is a dimension like others. */
export function wrapLayout(layout: Layout, dimensions: number): Layout {
  return `N${'?'.repeat(dimensions - 1)}${layout.replace('N', '?')}`;
}

/** Without its first dimension. */
export function splitLayout(layout: Layout, rank: number): Layout {
  const rest = expand(layout, rank)?.slice(1);
  return rest === undefined || !/[A-Z]/.test(rest) ? unknown : rest;
}
