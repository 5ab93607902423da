import {
  defaultMetrics,
  graphMetrics,
  type MetricName,
  type MetricNames,
  optionalMetrics,
} from '../model/metric-name.ts';
import { isObject, type Problems } from './problems.ts';

const served: readonly MetricName[] = [...defaultMetrics, ...optionalMetrics];

/**
 * The metrics of a list; the default ones, if it is empty.
 * @param path of the list: its entries are told by their places in it
 */
export function readMetricNames(list: readonly unknown[], path: string, problems: Problems): MetricNames {
  if (list.length === 0) return new Set(defaultMetrics);
  const names = new Set<MetricName>();
  for (const entry of list) {
    const name = served.find((known) => known === entry);
    if (name) names.add(name);
    else if (!graphMetrics.some((known) => known === entry)) {
      problems.say(path, `Invalid name in metrics_list - ${JSON.stringify(entry)}; there are ${served.join(', ')}`);
    }
  }
  return names;
}

/**
 * The section `monitoring` of a config.json.
 * @returns undefined if it turns metrics off
 */
export function readMonitoring(value: unknown, problems: Problems): MetricNames | undefined {
  if (!isObject(value) || !isObject(value.metrics) || Object.keys(value).length !== 1) {
    problems.add('monitoring', 'an object with the one key "metrics"', value);
    return undefined;
  }
  const { enable, metrics_list: list = [], ...rest } = value.metrics;
  for (const field of Object.keys(rest)) problems.say(`monitoring.metrics.${field}`, 'there is no such field');
  if (typeof enable !== 'boolean') problems.add('monitoring.metrics.enable', 'true or false', enable);
  if (!Array.isArray(list)) {
    problems.add('monitoring.metrics.metrics_list', 'a list', list);
    return undefined;
  }
  const names = readMetricNames(list, 'monitoring.metrics.metrics_list', problems);
  return enable === true ? names : undefined;
}
