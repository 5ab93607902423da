import { readFileSync } from 'node:fs';

export interface Load {
  readonly connections: number;
  readonly streams: number;
  readonly requests: number;
}

/** Sends the load, from a process of its own. */
export interface Generator {
  /** What it is, as the sentence "the load is sent by …" ends. */
  readonly description: string;
  /**
   * Sends the same gRPC message again and again.
   * @param frame file with the message behind its five bytes of gRPC framing
   * @throws Error when an answer is missing or failed
   */
  send(port: number, frame: string, load: Load): Promise<Pace>;
}

export interface Pace {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface Measured extends Pace {
  /** User and system time of the server's process, for each request. */
  readonly cpuMicroseconds: number;
}

export const path = '/tensorflow.serving.PredictionService/Predict';

/** A load that takes longer is stuck. */
export const longestMs = 300_000;

export async function measure(
  generator: Generator,
  port: number,
  pid: number,
  frame: string,
  load: Load,
): Promise<Measured> {
  const before = cpuTicks(pid);
  const pace = await generator.send(port, frame, load);
  const ticks = cpuTicks(pid) - before;
  return { ...pace, cpuMicroseconds: (ticks * 1_000_000) / ticksPerSecond / load.requests };
}

/** @param times of all requests, in ms */
export function percentiles(times: readonly number[]): Pick<Pace, 'p50Ms' | 'p99Ms'> {
  const sorted = times.toSorted((a, b) => a - b);
  return { p50Ms: sorted[Math.floor(sorted.length * 0.5)]!, p99Ms: sorted[Math.floor(sorted.length * 0.99)]! };
}

/** Linux counts a process's time in hundredths of a second, on every platform that Node runs on. */
const ticksPerSecond = 100;

function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
