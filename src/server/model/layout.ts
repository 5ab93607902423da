/**
 * What the dimensions of a tensor are, in OpenVINO's notation: a letter for each (`N` batch, `C` channels, `D` depth, `H` height, `W` width),
 * `?` where that is not said, and at most one `...` for any number of them.
 */
export type Layout = string;

/** What the dimensions of an input or output are, instead of what the model's files say. */
export interface LayoutChange {
  /** As clients see them. */
  readonly seen: Layout;
  /** As the model has them, where that is another order: then the server transposes. */
  readonly own?: Layout;
}

export type Layouts =
  /** Of the model's only input. */
  | { readonly kind: 'only'; readonly layout: LayoutChange }
  /** Of inputs and outputs by their names; those that are not named stay as they are. */
  | { readonly kind: 'named'; readonly layouts: readonly { readonly tensor: string; readonly layout: LayoutChange }[] };

/** Where nothing is known but what every server assumes: the batch comes first. */
export const unsaid: Layout = 'N...';

/** Of a scalar, or where nothing is known at all. */
export const unknown: Layout = '...';

/**
 * A letter or `?` for each dimension of a tensor of that rank.
 * @returns undefined if the layout is of other ranks
 */
export function expand(layout: Layout, rank: number): string | undefined {
  const [head, tail] = layout.split('...') as [string, string | undefined];
  const left = rank - head.length - (tail ?? '').length;
  if (left < 0 || (tail === undefined && left > 0)) return undefined;
  return head + '?'.repeat(left) + (tail ?? '');
}

/** Whether each dimension may be what the pattern says of it; both are expanded. */
export function fits(layout: string, pattern: string): boolean {
  if (layout.length !== pattern.length) return false;
  return [...layout].every((letter, i) => letter === '?' || pattern[i] === '?' || letter === pattern[i]);
}

/** Whether a text is a layout. */
export function isLayout(text: string): boolean {
  const letters = text.replaceAll(/[?.]/g, '');
  return /^[NCDHW?]*(\.\.\.)?[NCDHW?]*$/.test(text) && text !== '' && new Set(letters).size === letters.length;
}
