import { bounds, type Histogram } from './histogram.ts';

/** Prometheus's text format, release 0.0.4. */

export type MetricType = 'counter' | 'gauge' | 'histogram';

const les = [...bounds.map(String), '+Inf'];

/** `name="…",version="…"`, for between the braces. */
export function labels(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}="${escaped(String(value))}"`)
    .join();
}

/** What stands before the samples of a metric. */
export function head(name: string, type: MetricType, help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

/** @param labelled the text between the braces */
export function sample(name: string, labelled: string, value: number): string {
  return `${name}{${labelled}} ${value}\n`;
}

/** All the samples of one histogram. */
export function histogramSamples(name: string, labelled: string, histogram: Histogram): string {
  const counts = histogram.cumulative();
  let text = '';
  for (const [i, count] of counts.entries()) text += `${name}_bucket{${labelled},le="${les[i]}"} ${count}\n`;
  return `${text}${name}_sum{${labelled}} ${histogram.sum}\n${name}_count{${labelled}} ${counts.at(-1)}\n`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}
