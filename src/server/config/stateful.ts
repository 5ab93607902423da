import type { StatefulOptions } from '../model/wanted.ts';
import { isInteger, type Problems } from './problems.ts';

/** What `max_sequence_number` may be at most, and is unless given. */
export const mostSequences = 2 ** 32 - 1;
export const usualSequences = 500;

/** Fields that only a stateful model may have. */
export const onlyStateful = ['idle_sequence_cleanup', 'low_latency_transformation', 'max_sequence_number'] as const;

export type StatefulFields = Readonly<Record<'stateful' | (typeof onlyStateful)[number], unknown>>;

/**
 * The fields of a stateful model; undefined where they are not given. Anything wrong is added to the problems.
 * @param isAuto whether batch size or shape are `auto`
 * @param at the path of a field
 * @returns undefined for a model that is not
 */
export function readStateful(
  fields: StatefulFields,
  isAuto: boolean,
  at: (field: string) => string,
  problems: Problems,
): StatefulOptions | undefined {
  const { stateful, idle_sequence_cleanup, low_latency_transformation, max_sequence_number } = fields;
  for (const field of ['stateful', 'idle_sequence_cleanup', 'low_latency_transformation'] as const) {
    const value = fields[field];
    if (value !== undefined && typeof value !== 'boolean') problems.add(at(field), 'true or false', value);
  }
  if (max_sequence_number !== undefined && !isInteger(max_sequence_number, 0, mostSequences)) {
    problems.add(at('max_sequence_number'), `an integer from 0 to ${mostSequences}`, max_sequence_number);
  }
  if (stateful !== true) {
    for (const field of onlyStateful.filter((name) => fields[name] !== undefined)) {
      problems.say(at(field), 'Stateful model config parameter used for non stateful model');
    }
    return undefined;
  }
  if (isAuto) {
    problems.say(at('stateful'), 'Dynamic shape and dynamic batch size are not supported for stateful models: "auto"');
  }
  return {
    mostSequences: isInteger(max_sequence_number, 0) ? max_sequence_number : usualSequences,
    endsIdle: idle_sequence_cleanup !== false,
    lowLatency: low_latency_transformation === true,
  };
}
