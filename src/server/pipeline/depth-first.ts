/**
 * Everything that can be reached, each behind all that it leads to.
 * @param next what something leads to
 * @returns with a cycle, if there is one, as a way that ends where it begins; the order means nothing then
 */
export function depthFirst(
  starts: readonly string[],
  next: (name: string) => readonly string[],
): { readonly order: string[]; readonly cycle?: string[] } {
  const order: string[] = [];
  const done = new Set<string>();
  for (const start of starts) {
    /** From the start to here, each with what is left to visit. */
    const way: { readonly name: string; readonly left: string[] }[] = [];
    const enter = (name: string) => way.push({ name, left: next(name).toReversed() });
    if (!done.has(start)) enter(start);
    while (way.length > 0) {
      const { name, left } = way.at(-1)!;
      const following = left.pop();
      if (following === undefined) {
        done.add(name);
        order.push(name);
        way.pop();
      } else if (!done.has(following)) {
        const at = way.findIndex((step) => step.name === following);
        if (at >= 0) return { order, cycle: [...way.slice(at).map((step) => step.name), following] };
        enter(following);
      }
    }
  }
  return { order };
}
