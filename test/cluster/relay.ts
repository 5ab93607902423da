import { createConnection, createServer, type Socket } from 'node:net';

/**
 * Listens on the socket file of its first parameter. Whoever connects first writes a line `host port` and is then joined with
 * that address: a socket file reaches across network namespaces, so this is the way into one.
 */
function serve(socketFile: string): void {
  createServer({ allowHalfOpen: true }, (client) => {
    let head = Buffer.alloc(0);
    const readHead = (chunk: Buffer) => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\n');
      if (end < 0) return;
      client.off('data', readHead).pause();
      const [host, port] = head.subarray(0, end).toString().split(' ');
      const target = createConnection({ host: host!, port: Number(port), allowHalfOpen: true });
      target.write(head.subarray(end + 1));
      join(client, target);
    };
    client.on('data', readHead);
    client.on('error', () => client.destroy());
  }).listen(socketFile);
}

/** Each gets what the other says, and its end; when one breaks so does the other. */
export function join(left: Socket, right: Socket): void {
  left.pipe(right);
  right.pipe(left);
  for (const [one, other] of [
    [left, right],
    [right, left],
  ] as const) {
    one.setNoDelay();
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
  }
}

if (import.meta.main) serve(process.argv[2]!);
