import { execFile, spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { promisify } from 'node:util';

export interface Load {
  readonly connections: number;
  readonly streams: number;
  readonly requests: number;
}

export interface Measured {
  readonly requestsPerSecond: number;
  /** User and system time of the server's process, for each request. */
  readonly cpuMicroseconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** The load comes from h2load, which is cheaper than any server here; a client of Node's would be the bottleneck. */
export function isLoadAvailable(): boolean {
  return spawnSync('h2load', ['--version']).status === 0;
}

/**
 * Sends the same gRPC message again and again.
 * @param frame file with the message behind its five bytes of gRPC framing
 * @param log file that h2load writes the times of all requests to
 */
export async function measure(port: number, pid: number, frame: string, log: string, load: Load): Promise<Measured> {
  const { connections, streams, requests } = load;
  // h2load appends.
  rmSync(log, { force: true });
  const before = cpuTicks(pid);
  const { stdout } = await promisify(execFile)('h2load', [
    ...['-n', String(requests), '-c', String(connections), '-m', String(streams), '-d', frame, `--log-file=${log}`],
    ...['-w', '24', '-W', '24', '-H', 'content-type: application/grpc', '-H', 'te: trailers'],
    `http://127.0.0.1:${port}/tensorflow.serving.PredictionService/Predict`,
  ]);
  const ticks = cpuTicks(pid) - before;
  const perSecond = /finished in .*, ([\d.]+) req\/s/.exec(stdout)?.[1];
  if (!perSecond || !stdout.includes(` ${requests} succeeded`)) throw new Error(`the load failed:\n${stdout}`);
  const times = readFileSync(log, 'utf8')
    .trim()
    .split('\n')
    .map((line) => Number(line.split('\t')[2]) / 1000)
    .sort((a, b) => a - b);
  return {
    requestsPerSecond: Number(perSecond),
    cpuMicroseconds: (ticks * 1_000_000) / ticksPerSecond / requests,
    p50Ms: times[Math.floor(times.length * 0.5)]!,
    p99Ms: times[Math.floor(times.length * 0.99)]!,
  };
}

/** Linux counts a process's time in hundredths of a second, on every platform that Node runs on. */
const ticksPerSecond = 100;

function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
