import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';

/** A picture whose samples are all known: row by row, red, green, blue (and alpha) of each pixel. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3 | 4;
  readonly samples: Buffer;
}

/** One with samples that tell pixels and channels apart. */
export function picture(width: number, height: number, channels: Picture['channels'] = 3, shift = 0): Picture {
  const samples = Buffer.alloc(width * height * channels);
  for (let i = 0; i < samples.length; i++) samples[i] = (i * 37 + shift) % 256;
  return { width, height, channels, samples };
}

export function png({ width, height, channels, samples }: Picture): Promise<Buffer> {
  const image = sharp(samples, { raw: { width, height, channels } });
  return (channels === 1 ? image.toColourspace('b-w') : image).png().toBuffer();
}

export function jpeg({ width, height, channels, samples }: Picture): Promise<Buffer> {
  const image = sharp(samples, { raw: { width, height, channels } });
  return (channels === 1 ? image.toColourspace('b-w') : image).jpeg({ quality: 90 }).toBuffer();
}

/** The samples as OpenCV has them: blue, green, red. */
export function bgr({ channels, samples }: Picture): number[] {
  const places = { 1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3] }[channels];
  return Array.from(samples, (_, i) => samples[i - (i % channels) + places[i % channels]!]!);
}

/**
 * A grey PNG without content: as many pixels as are asked for in few bytes.
 * @param data rows, with a zero before each; others are for pictures that are not what they claim to be
 */
export function blank(width: number, height: number, data = Buffer.alloc(height * (width + 1))): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  const magic = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([magic, chunk('IHDR', header), chunk('IDAT', deflateSync(data)), chunk('IEND')]);
}

function chunk(kind: string, content = Buffer.alloc(0)): Buffer {
  const bytes = Buffer.alloc(12 + content.length);
  bytes.writeUInt32BE(content.length);
  bytes.write(kind, 4, 'latin1');
  content.copy(bytes, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, -4)), 8 + content.length);
  return bytes;
}
