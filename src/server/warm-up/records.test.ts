import assert from 'node:assert/strict';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { records } from '../../../test/support/recorded-requests.ts';
import { temporaryFolder } from '../../../test/support/server.ts';
import { masked, readRecords } from './records.ts';

async function read(t: TestContext, bytes: Uint8Array): Promise<string[]> {
  const path = join(temporaryFolder(t), 'records');
  await writeFile(path, bytes);
  const file = await open(path);
  try {
    const texts: string[] = [];
    for await (const record of readRecords(file)) texts.push(record.toString());
    return texts;
  } finally {
    await file.close();
  }
}

test('the checksum is that of TFRecord files', () => {
  // CRC-32C of the nine digits is 0xe3069283 by its definition.
  const crc = 0xe3069283;
  const turned = ((crc >>> 15) | (crc << 17)) >>> 0;
  assert.equal(masked(Buffer.from('123456789')), (turned + 0xa282ead8) % 2 ** 32);
});

test('records come one after the other', async (t) => {
  const texts = ['one', '', 'x'.repeat(100_000)];
  assert.deepEqual(await read(t, records(...texts.map((text) => Buffer.from(text)))), texts);
  assert.deepEqual(await read(t, Buffer.alloc(0)), []);
});

const good = records(Buffer.from('one'), Buffer.from('two'));
const changed = (at: number) => {
  const bytes = Buffer.from(good);
  bytes[at]! ^= 1;
  return bytes;
};
const long = records(Buffer.alloc(0));
long.writeBigUInt64LE(2n ** 40n);
long.writeUInt32LE(masked(long.subarray(0, 8)), 8);

const damages: [what: string, bytes: Buffer, message: string][] = [
  ['ends in a head', good.subarray(0, 5), 'at byte 0, it ends within a record'],
  ['ends in a record', good.subarray(0, -5), 'at byte 19, it ends within a record'],
  ['has another length', changed(0), 'at byte 0, the checksum of a length is wrong'],
  ['has another content', changed(19 + 12), 'at byte 19, the checksum of a record is wrong'],
  ['claims to be large', long, 'at byte 0, a record has 1099511627776 bytes, which are more than 1073741824'],
  ['is something else', Buffer.from('something else altogether'), 'at byte 0, the checksum of a length is wrong'],
];

for (const [what, bytes, message] of damages) {
  test(`refused: a file that ${what}`, async (t) => {
    await assert.rejects(read(t, bytes), new Error(`no TFRecord file: ${message}`));
  });
}
