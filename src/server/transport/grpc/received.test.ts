import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import { test } from 'node:test';
import { received } from './received.ts';

const buffers = (...texts: string[]) => texts.map((text) => Buffer.from(text));
const never = () => new AbortController();

/** Messages by their texts. */
async function list(messages: AsyncIterable<Buffer>): Promise<string[]> {
  const texts: string[] = [];
  for await (const message of messages) texts.push(String(message));
  return texts;
}

test('all messages, until the client has said all', async () => {
  const call = Readable.from(buffers('a', 'b', 'c'));
  assert.deepEqual(await list(received(call, never().signal)), ['a', 'b', 'c']);
});

test('messages that come late, and a client that goes', async () => {
  const call = new PassThrough({ objectMode: true });
  const texts = list(received(call, never().signal));
  for (const message of buffers('a', 'b')) {
    await new Promise((resolve) => setImmediate(resolve));
    call.write(message);
  }
  await new Promise((resolve) => setImmediate(resolve));
  call.destroy();
  assert.deepEqual(await texts, ['a', 'b']);
});

test('when the server is about to end, those that are here are the last', async () => {
  const ending = never();
  const call = new Readable({ objectMode: true, read() {} });
  call.on('error', () => undefined);
  const messages = received(call, ending.signal)[Symbol.asyncIterator]();
  for (const message of buffers('a', 'b')) call.push(message);
  assert.equal(String((await messages.next()).value), 'a');
  ending.abort();
  assert.equal(String((await messages.next()).value), 'b');
  call.push(Buffer.from('c'));
  assert.equal((await messages.next()).done, true);
});

test('an end that comes while nothing is said is noticed, and leaves no listener behind', async () => {
  const ending = never();
  const call = new Readable({ objectMode: true, read() {} });
  const texts = list(received(call, ending.signal));
  await new Promise((resolve) => setImmediate(resolve));
  ending.abort();
  assert.deepEqual(await texts, []);
  assert.deepEqual(
    ['readable', 'close'].map((event) => call.listenerCount(event)),
    [0, 0],
  );
});

test('no more than one message is read ahead', async () => {
  let read = 0;
  const call = new Readable({
    objectMode: true,
    read() {
      read++;
      this.push(Buffer.from(`${read}`));
    },
  });
  const messages = received(call, never().signal)[Symbol.asyncIterator]();
  assert.equal(String((await messages.next()).value), '1');
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(read <= 3, `${read} were read`);
  await messages.return?.(undefined);
});
