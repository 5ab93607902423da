// The load where h2load is missing: this file is also the process that sends it, over Node's own HTTP/2 without grpc-js.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2';
import { promisify } from 'node:util';
import { type Generator, longestMs, path, percentiles } from './load.ts';

export const nodeClient: Generator = {
  description: 'a Node client, which takes a core of its own: the figures for requests per second are a lower bound',
  async send(port, frame, { connections, streams, requests }) {
    const parameters = [import.meta.filename, frame, ...[port, connections, streams, requests].map(String)];
    const { stdout } = await promisify(execFile)(process.execPath, parameters, { timeout: longestMs });
    return JSON.parse(stdout);
  },
};

/** As h2load is told with -w and -W: no answer here waits for its window. */
const window = 2 ** 24 - 1;
const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };

async function main(frame: string, numbers: readonly number[]): Promise<void> {
  const [port, connections, streams, requests] = numbers as [number, number, number, number];
  const message = readFileSync(frame);
  const sessions = await Promise.all(Array.from({ length: connections }, () => open(port)));
  const times: number[] = [];
  let left = requests;
  const work = async (session: ClientHttp2Session) => {
    while (left-- > 0) times.push(await ask(session, message));
  };
  const begin = performance.now();
  await Promise.all(sessions.flatMap((session) => Array.from({ length: streams }, () => work(session))));
  const requestsPerSecond = (requests * 1000) / (performance.now() - begin);
  for (const session of sessions) session.close();
  process.stdout.write(JSON.stringify({ requestsPerSecond, ...percentiles(times) }));
}

async function open(port: number): Promise<ClientHttp2Session> {
  const session = connect(`http://127.0.0.1:${port}`, {
    settings: { initialWindowSize: window, enablePush: false },
    // In MB; the default of 10 refuses streams while large messages are on their way.
    maxSessionMemory: 1000,
  });
  await once(session, 'connect');
  session.setLocalWindowSize(window);
  return session;
}

/** @returns the time to the answer, in ms */
function ask(session: ClientHttp2Session, message: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const begin = performance.now();
    const end = (fields: IncomingHttpHeaders) => {
      if (fields['grpc-status'] === '0') resolve(performance.now() - begin);
      else reject(new Error(`grpc-status ${fields['grpc-status']}: ${fields['grpc-message']}`));
    };
    const stream = session.request(headers);
    // An answer that failed may have its status in its only header.
    stream.once('response', (fields) => fields['grpc-status'] && end(fields));
    stream.once('trailers', end);
    stream.once('error', reject);
    stream.once('close', () => reject(new Error('an answer ended without a grpc-status')));
    stream.resume();
    stream.end(message);
  });
}

if (import.meta.main) await main(process.argv[2]!, process.argv.slice(3).map(Number));
