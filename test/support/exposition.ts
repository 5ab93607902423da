/** What a scrape gave, read by rules as strict as Prometheus's own linter: whatever is wrong with the text is thrown. */
export class Exposition {
  readonly families: ReadonlyMap<string, Family>;

  /** @throws Error that names the line, if the text is not of Prometheus's format, or a histogram is none */
  constructor(text: string) {
    this.families = read(text);
  }

  /** The value of a sample; undefined if there is none with just these labels. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    for (const { samples } of this.families.values()) {
      const found = samples.get(seriesOf(name, Object.entries(labels)));
      if (found) return found.value;
    }
    return undefined;
  }

  /** All samples of a family that have these labels, among others. */
  samples(family: string, labels: Readonly<Record<string, string>> = {}): Sample[] {
    const samples = [...(this.families.get(family)?.samples.values() ?? [])];
    return samples.filter((sample) =>
      Object.entries(labels).every(([name, value]) => sample.labels.get(name) === value),
    );
  }
}

export interface Sample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

export interface Family {
  readonly type: string;
  readonly help: string;
  readonly samples: Map<string, Sample>;
}

const types = ['counter', 'gauge', 'histogram', 'summary', 'untyped'];
const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const labelled = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;
const number = /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|NaN|[+-]?Inf)$/;

function read(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const families = new Map<string, Family>();
  let help: { name: string; text: string } | undefined;
  let current: { name: string; family: Family } | undefined;
  for (const [i, line] of text.slice(0, -1).split('\n').entries()) {
    const wrong = (what: string) => new Error(`line ${i + 1}: ${what}: ${line}`);
    if (line === '') continue;
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\S+)(?: (.*))?$/.exec(line) ?? [];
    if (keyword === 'HELP') {
      if (families.has(name)) throw wrong('the metric has been told already');
      if (!metricName.test(name)) throw wrong('no name of a metric');
      if (rest.trim() === '') throw wrong('the help says nothing');
      if (/\\[^\\n]|\\$/.test(rest.replaceAll('\\\\', ''))) throw wrong('a backslash that escapes nothing');
      help = { name, text: rest };
    } else if (keyword === 'TYPE') {
      if (help?.name !== name) throw wrong('the type does not follow the help');
      if (!types.includes(rest)) throw wrong('no type');
      current = { name, family: { type: rest, help: help.text, samples: new Map() } };
      families.set(name, current.family);
    } else if (line.startsWith('#')) {
      throw wrong('a comment');
    } else {
      if (!current) throw wrong('a sample before any type');
      addSample(current.name, current.family, line, wrong);
    }
  }
  for (const [name, family] of families) if (family.type === 'histogram') checkHistograms(name, family);
  return families;
}

function addSample(familyName: string, family: Family, line: string, wrong: (what: string) => Error): void {
  const [, name = '', inside, text = ''] = /^([^{\s]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  const endings = family.type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
  if (!endings.some((ending) => name === familyName + ending)) throw wrong('not of the metric told above');
  if (!number.test(text)) throw wrong('no number');
  const labels = inside === undefined ? [] : readLabels(inside, wrong);
  if (new Set(labels.map(([label]) => label)).size < labels.length) throw wrong('a label comes twice');
  const value = Number(text.replace('Inf', 'Infinity'));
  if (family.type === 'counter' && !(value >= 0)) throw wrong('a counter below 0');
  const series = seriesOf(name, labels);
  if (family.samples.has(series)) throw wrong('the series comes twice');
  family.samples.set(series, { name, labels: new Map(labels), value });
}

function readLabels(inside: string, wrong: (what: string) => Error): [string, string][] {
  const labels: [string, string][] = [];
  labelled.lastIndex = 0;
  while (labelled.lastIndex < inside.length) {
    const match = labelled.exec(inside);
    if (!match) throw wrong('no label');
    const value = match[2]!.replace(/\\(.)/g, (_, escaped) => (escaped === 'n' ? '\n' : escaped));
    labels.push([match[1]!, value]);
  }
  return labels;
}

function checkHistograms(name: string, { samples }: Family): void {
  const histograms = new Map<string, { buckets: [le: number, count: number][]; sum?: number; count?: number }>();
  for (const { name: sampleName, labels, value } of samples.values()) {
    const key = seriesOf(
      name,
      [...labels].filter(([label]) => label !== 'le'),
    );
    const histogram = histograms.get(key) ?? { buckets: [] };
    histograms.set(key, histogram);
    if (sampleName.endsWith('_sum')) histogram.sum = value;
    else if (sampleName.endsWith('_count')) histogram.count = value;
    else histogram.buckets.push([Number(labels.get('le')?.replace('Inf', 'Infinity')), value]);
  }
  for (const [key, { buckets, sum, count }] of histograms) {
    const wrong = (what: string) => new Error(`${key}: ${what}`);
    if (sum === undefined || count === undefined) throw wrong('without sum or count');
    if (buckets.at(-1)?.[0] !== Number.POSITIVE_INFINITY) throw wrong('the last bucket is not +Inf');
    if (buckets.at(-1)![1] !== count) throw wrong('the last bucket does not hold all');
    for (let i = 1; i < buckets.length; i++) {
      if (!(buckets[i]![0] > buckets[i - 1]![0])) throw wrong('the bounds do not ascend');
      if (!(buckets[i]![1] >= buckets[i - 1]![1])) throw wrong('the counts descend');
    }
    if (count === 0 && sum !== 0) throw wrong('a sum of nothing');
  }
}

function seriesOf(name: string, labels: readonly (readonly [string, string])[]): string {
  return JSON.stringify([name, ...labels.map(([label, value]) => `${label}=${value}`).sort()]);
}
