import { writeSync } from 'node:fs';
import { type Logger, pino } from 'pino';

export type { Logger };

export interface LogOptions {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error';
  /** A file to append to; standard error if absent. */
  readonly file?: string;
  /** Fields for each line, asked for as it is written: the ids of the trace that it belongs to. */
  readonly fields?: () => object;
}

/** What is kept, in bytes, while nothing can be written; lines beyond it are lost. */
const mostUnwritten = 1024 ** 2;

/**
 * One JSON object a line. A line is in the file, or with the terminal, when the call returns, so there is nothing to flush
 * at the end; one that cannot be written (the disk is full) is lost without harm to the caller.
 * @throws the file cannot be opened
 */
export function createLog({ level, file, fields }: LogOptions): Logger {
  const destination = pino.destination({ dest: file ?? 2, mkdir: true, sync: true, maxLength: mostUnwritten });
  destination.on('error', file ? onceToStandardError(file) : ignore);
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      ...(fields ? { mixin: fields } : {}),
    },
    destination,
  );
}

function onceToStandardError(file: string): (error: Error) => void {
  let said = false;
  return (error) => {
    if (said) return;
    said = true;
    try {
      writeSync(2, `The log ${file} cannot be written: ${error.message}\n`);
    } catch {
      // Nobody is left to tell.
    }
  };
}

function ignore(): void {}
