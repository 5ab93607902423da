import type { FileHandle } from 'node:fs/promises';

/** 1 GiB, as for messages: a record holds one. */
const largestRecord = 1024 ** 3;

/** A record's length and that length's checksum come before it, its own checksum behind it. */
const headBytes = 12;
const tailBytes = 4;

/**
 * The records of a TFRecord file, one at a time.
 * @throws Error if the file is none, or damaged
 */
export async function* readRecords(file: Pick<FileHandle, 'read'>): AsyncGenerator<Buffer> {
  for (let at = 0; ; ) {
    const head = await readAt(file, at, headBytes);
    if (head.length === 0) return;
    if (head.length < headBytes) throw damaged(at, 'it ends within a record');
    const length = Number(head.readBigUInt64LE());
    if (head.readUInt32LE(8) !== masked(head.subarray(0, 8))) throw damaged(at, 'the checksum of a length is wrong');
    if (length > largestRecord) throw damaged(at, `a record has ${length} bytes, which are more than ${largestRecord}`);
    const record = await readAt(file, at + headBytes, length + tailBytes);
    if (record.length < length + tailBytes) throw damaged(at, 'it ends within a record');
    const content = record.subarray(0, length);
    if (record.readUInt32LE(length) !== masked(content)) throw damaged(at, 'the checksum of a record is wrong');
    yield content;
    at += headBytes + length + tailBytes;
  }
}

/** Fewer bytes at the end of the file. */
async function readAt(file: Pick<FileHandle, 'read'>, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let read = 0;
  while (read < length) {
    const { bytesRead } = await file.read(buffer, read, length - read, position + read);
    if (bytesRead === 0) break;
    read += bytesRead;
  }
  return buffer.subarray(0, read);
}

function damaged(at: number, why: string): Error {
  return new Error(`no TFRecord file: at byte ${at}, ${why}`);
}

/** The checksum as it is stored: turned by 15 bits and moved, so that checksums of checksums are no trouble. */
export function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** Castagnoli's polynomial, which zlib does not have. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  return crc;
});

function crc32c(bytes: Uint8Array): number {
  let crc = ~0;
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ table[(crc ^ bytes[i]!) & 0xff]!;
  return ~crc >>> 0;
}
