import { pino } from 'pino';
import type { Logger } from '../../src/shared/log.ts';

export interface CapturedLog {
  readonly log: Logger;
  /** All lines so far, as the objects that they were written as. */
  readonly lines: Record<string, unknown>[];
  /** The messages of all lines, each with its level in front. */
  messages(): string[];
}

/** A log that keeps its lines for the test to look at. */
export function captureLog(): CapturedLog {
  const lines: Record<string, unknown>[] = [];
  const log = pino(
    { level: 'trace', base: null, timestamp: false, formatters: { level: (level) => ({ level }) } },
    { write: (line: string) => void lines.push(JSON.parse(line)) },
  );
  return { log, lines, messages: () => lines.map(({ level, msg }) => `${level}: ${msg}`) };
}
