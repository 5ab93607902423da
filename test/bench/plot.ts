export interface Bar {
  readonly label: string;
  readonly value: number;
}

const width = 760;
const row = 22;
const left = 330;

/** A bar chart as SVG. @param unit stands behind each value */
export function plot(title: string, bars: readonly Bar[], unit: string): string {
  const most = Math.max(...bars.map(({ value }) => value));
  const height = 40 + bars.length * row;
  const rows = bars.map(({ label, value }, i) => {
    const y = 36 + i * row;
    const length = ((width - left - 110) * value) / most;
    return [
      `<text x="${left - 8}" y="${y + 12}" text-anchor="end">${label}</text>`,
      `<rect x="${left}" y="${y}" width="${length.toFixed(1)}" height="15" fill="#4a7ebb"/>`,
      `<text x="${(left + length + 6).toFixed(1)}" y="${y + 12}">${value.toFixed(1)} ${unit}</text>`,
    ].join('');
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<title>${title}</title><rect width="100%" height="100%" fill="white"/><text x="8" y="20" font-size="14">${title}</text>`,
    ...rows,
    '</svg>\n',
  ].join('\n');
}
