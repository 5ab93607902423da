export interface Bar {
  readonly label: string;
  readonly value: number;
  /** Something to compare with. */
  readonly isReference?: boolean;
}

export interface Chart {
  readonly title: string;
  readonly bars: readonly Bar[];
  /** Stands behind each value. */
  readonly unit: string;
  /** What the longest possible bar stands for; default: the largest value. */
  readonly most?: number;
}

const width = 760;
const row = 20;
const left = 180;
const longest = width - left - 90;
const heading = 34;

/** Bar charts, each with a scale of its own, one below the other as one SVG. */
export function plot(title: string, charts: readonly Chart[]): string {
  let y = 0;
  const groups = charts.map((chart) => {
    const group = `<g transform="translate(0 ${y})">\n${draw(chart)}\n</g>`;
    y += heading + chart.bars.length * row + 10;
    return group;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y}" font-family="sans-serif" font-size="12">`,
    `<title>${title}</title>`,
    '<rect width="100%" height="100%" fill="white"/>',
    ...groups,
    '</svg>\n',
  ].join('\n');
}

function draw({ title, bars, unit, most = Math.max(...bars.map(({ value }) => value)) }: Chart): string {
  const rows = bars.map(({ label, value, isReference }, i) => {
    const y = heading + i * row;
    const length = (longest * value) / most;
    return [
      `<text x="${left - 8}" y="${y + 12}" text-anchor="end">${label}</text>`,
      `<rect x="${left}" y="${y}" width="${length.toFixed(1)}" height="15" fill="${isReference ? '#b0b0b0' : '#4a7ebb'}"/>`,
      `<text x="${(left + length + 6).toFixed(1)}" y="${y + 12}">${value.toFixed(0)} ${unit}</text>`,
    ].join('');
  });
  return [`<text x="8" y="22" font-size="14">${title}</text>`, ...rows].join('\n');
}
