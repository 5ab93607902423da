import sharp, { type Sharp, type SharpOptions } from 'sharp';
import { type ImageHeader, readHeader } from './header.ts';
import type { Pixels } from './pixels.ts';

/** What sharp decodes is one of these, or nothing: its other formats draw (SVG, PDF), or read more than they are given. */
const formats = ['Jpeg', 'Png', 'Webp', 'Tiff', 'Nsgif', 'Heif'];

sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({ operation: formats.map((format) => `VipsForeignLoad${format}Buffer`) });
// Images come once; and an image is decoded on one thread, since there are others to decode meanwhile.
sharp.cache(false);
sharp.concurrency(1);

/**
 * What an image is, without decoding it.
 * @param mostPixels more are refused
 * @throws Error if it is no image
 */
export async function probe(image: Buffer, mostPixels: number): Promise<ImageHeader> {
  const header = readHeader(image) ?? (await askSharp(image));
  const { width, height } = header;
  if (width * height <= mostPixels) return header;
  throw new Error(`it has ${width} x ${height} pixels, which are more than ${mostPixels}`);
}

/**
 * Decodes on a thread of the pool, to what OpenCV would: samples as they are stored, without regard to profiles or orientation; of an
 * animation the first picture.
 * @param header of this image
 * @throws Error if that cannot be done
 */
export async function decodePixels(image: Buffer, header: ImageHeader): Promise<Pixels> {
  const pixels = header.width * header.height;
  // Frames behind the header may claim to be larger.
  const decoder = samplesOf(sharp(image, { ...options, limitInputPixels: pixels }), header);
  const depth = header.depth === 2 ? 'ushort' : 'uchar';
  const { data, info } = await decoder.raw({ depth }).toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const samples =
    header.depth === 2 ? new Uint16Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength / 2) : data;
  if (header.colours !== 'cmyk') return { width, height, channels, samples };
  return { width, height, channels: 3, samples: withoutBlack(data) };
}

/** A picture with small faults is decoded, as OpenCV does; one that is cut short is not. */
const options: SharpOptions = { failOn: 'error', ignoreIcc: true, sequentialRead: true };

function samplesOf(decoder: Sharp, { colours, depth }: ImageHeader): Sharp {
  switch (colours) {
    case 'grey':
      return decoder.removeAlpha().toColourspace(depth === 2 ? 'grey16' : 'b-w');
    case 'colour':
      return decoder.toColourspace(depth === 2 ? 'rgb16' : 'srgb');
    case 'cmyk':
      return decoder.pipelineColourspace('cmyk').toColourspace('cmyk');
  }
}

async function askSharp(image: Buffer): Promise<ImageHeader> {
  const { width, height, channels, space, depth, hasAlpha } = await sharp(image, {
    ...options,
    limitInputPixels: false,
  }).metadata();
  const isGrey = channels === 1;
  return {
    width,
    height,
    colours: isGrey ? 'grey' : space === 'cmyk' ? 'cmyk' : 'colour',
    depth: depth === 'ushort' ? 2 : 1,
    hasAlpha,
  };
}

/** Red, green and blue of cyan, magenta, yellow and black, by OpenCV's formula. */
function withoutBlack(samples: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((samples.length / 4) * 3);
  for (let from = 0, to = 0; from < samples.length; from += 4, to += 3) {
    const light = 255 - samples[from + 3]!;
    for (let i = 0; i < 3; i++) rgb[to + i] = light - ((samples[from + i]! * light) >> 8);
  }
  return rgb;
}
