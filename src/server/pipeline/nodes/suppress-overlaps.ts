import type { Rectangle } from './float-image.ts';

interface Scored {
  readonly box: Rectangle;
  readonly score: number;
}

/**
 * The boxes with the highest scores, none of which overlaps another of them by more than the threshold: their common area beside that of
 * both together. Of equal scores the later box comes first.
 * @param most boxes that are looked for
 */
export function suppressOverlaps<T extends Scored>(boxes: readonly T[], threshold: number, most: number): T[] {
  let left = boxes.map((box, i) => ({ box, i })).sort((a, b) => b.box.score - a.box.score || b.i - a.i);
  const kept: T[] = [];
  while (left.length > 0 && kept.length < most) {
    const [{ box: first }, ...others] = left as [(typeof left)[number], ...typeof left];
    kept.push(first);
    left = others.filter(({ box }) => overlap(first.box, box.box) <= threshold);
  }
  return kept;
}

function overlap(a: Rectangle, b: Rectangle): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  const common = width * height;
  return common / (a.width * a.height + b.width * b.height - common);
}
