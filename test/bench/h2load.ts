// The load from nghttp2's h2load, which is cheaper than any server here.
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { promisify } from 'node:util';
import { type Generator, longestMs, path, percentiles } from './load.ts';

export function isH2loadThere(): boolean {
  return spawnSync('h2load', ['--version']).status === 0;
}

export const h2load: Generator = {
  description: 'h2load',
  async send(port, frame, { connections, streams, requests }) {
    const log = `${frame}.times`;
    // h2load appends.
    rmSync(log, { force: true });
    const parameters = [
      ...['-n', String(requests), '-c', String(connections), '-m', String(streams), '-d', frame, `--log-file=${log}`],
      ...['-w', '24', '-W', '24', '-H', 'content-type: application/grpc', '-H', 'te: trailers'],
      `http://127.0.0.1:${port}${path}`,
    ];
    const { stdout } = await promisify(execFile)('h2load', parameters, { timeout: longestMs });
    const perSecond = /finished in .*, ([\d.]+) req\/s/.exec(stdout)?.[1];
    if (!perSecond || !stdout.includes(` ${requests} succeeded`)) throw new Error(`the load failed:\n${stdout}`);
    const lines = readFileSync(log, 'utf8').trim().split('\n');
    const times = lines.map((line) => Number(line.split('\t')[2]) / 1000);
    return { requestsPerSecond: Number(perSecond), ...percentiles(times) };
  },
};
