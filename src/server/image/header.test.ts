import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ImageHeader, readHeader } from './header.ts';

function png(width: number, height: number, bits: number, colour: number): Buffer {
  const header = Buffer.alloc(33);
  header.write('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1');
  header.writeUInt32BE(width, 16);
  header.writeUInt32BE(height, 20);
  header.set([bits, colour], 24);
  return header;
}

const segment = (marker: number, ...bytes: number[]) => [0xff, marker, 0, bytes.length + 2, ...bytes];
const frame = (marker: number, components: number, bits = 8) =>
  segment(marker, bits, 0, 4, 1, 6, components, ...new Array(components * 3).fill(0));
const jpeg = (...segments: number[][]) => Buffer.from([0xff, 0xd8, ...segments.flat()]);
const app = segment(0xe0, ...Buffer.from('JFIF\0 and more'));

const plain: ImageHeader = { width: 6, height: 4, colours: 'colour', depth: 1, hasAlpha: true };
const photo: ImageHeader = { width: 262, height: 4, colours: 'colour', depth: 1, hasAlpha: false };

const cases: [what: string, image: Buffer, header: ImageHeader | undefined][] = [
  ['a grey PNG', png(6, 4, 8, 0), { ...plain, colours: 'grey', hasAlpha: false }],
  ['a grey PNG of 16 bits', png(6, 4, 16, 0), { ...plain, colours: 'grey', depth: 2, hasAlpha: false }],
  ['a PNG in colour', png(6, 4, 8, 2), plain],
  ['a PNG with a palette', png(6, 4, 4, 3), plain],
  ['a grey PNG with transparency', png(6, 4, 8, 4), plain],
  ['a PNG with transparency', png(70_000, 4, 16, 6), { ...plain, width: 70_000, depth: 2 }],
  ['a PNG of a colour that there is not', png(6, 4, 8, 5), undefined],
  ['a PNG without pixels', png(0, 4, 8, 2), undefined],
  ['the begin of a PNG', png(6, 4, 8, 2).subarray(0, 32), undefined],
  ['a JPEG', jpeg(app, frame(0xc0, 3)), photo],
  ['a progressive JPEG behind tables', jpeg(app, segment(0xdb, 1), segment(0xc4, 1), frame(0xc2, 3)), photo],
  ['a grey JPEG', jpeg(frame(0xc0, 1)), { ...photo, colours: 'grey' }],
  ['a JPEG for print', jpeg(frame(0xc0, 4)), { ...photo, colours: 'cmyk' }],
  ['a JPEG of 12 bits', jpeg(frame(0xc1, 3, 12)), undefined],
  ['a JPEG of two colours', jpeg(frame(0xc0, 2)), undefined],
  ['a JPEG with filling', jpeg([0xff], app, [0xff, 0xff], frame(0xc0, 3)), photo],
  ['a JPEG without a frame', jpeg(app, segment(0xda, 1), frame(0xc0, 3)), undefined],
  ['a JPEG that goes on elsewhere', jpeg(app, [0, 0], frame(0xc0, 3)), undefined],
  ['the begin of a JPEG', jpeg(app, frame(0xc0, 3).slice(0, 8)), undefined],
  ['a segment that ends behind the end', jpeg([0xff, 0xe0, 0xff, 0xff], new Array(20).fill(0)), undefined],
  ['a segment of no length', jpeg([0xff, 0xe0, 0, 0], frame(0xc0, 3)), undefined],
  ['something else', Buffer.from('GIF89a and so on, for more than a few bytes'), undefined],
  ['a few bytes', Buffer.from([0xff, 0xd8]), undefined],
  ['nothing', Buffer.alloc(0), undefined],
];

for (const [what, image, header] of cases) {
  test(`the header of ${what}`, () => assert.deepEqual(readHeader(image), header));
}
