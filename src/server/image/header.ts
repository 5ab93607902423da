/** What an image is, as its first bytes say. */
export interface ImageHeader {
  readonly width: number;
  readonly height: number;
  readonly colours: 'grey' | 'colour' | 'cmyk';
  /** Bytes of a sample. */
  readonly depth: 1 | 2;
  /** Whether there may be samples of transparency. */
  readonly hasAlpha: boolean;
}

const png = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

/** Colour types of PNG. */
const pngColour = { grey: 0, rgb: 2, palette: 3, greyAlpha: 4, rgba: 6 } as const;

/**
 * Reads the header of a JPEG or PNG, which costs next to nothing beside having the decoder begin.
 * @returns undefined for any other image, and where the header says something seldom or nothing
 */
export function readHeader(image: Buffer): ImageHeader | undefined {
  const header = image.subarray(0, png.length).equals(png) ? readPng(image) : readJpeg(image);
  return header && header.width > 0 && header.height > 0 ? header : undefined;
}

function readPng(image: Buffer): ImageHeader | undefined {
  if (image.length < 33 || image.toString('latin1', 12, 16) !== 'IHDR') return undefined;
  const colour = image[25];
  const isGrey = colour === pngColour.grey;
  const known = Object.values(pngColour) as (number | undefined)[];
  if (!known.includes(colour)) return undefined;
  return {
    width: image.readUInt32BE(16),
    height: image.readUInt32BE(20),
    // A grey image with transparency becomes a colour image, as OpenCV has it; one whose transparency is a shade stays grey.
    colours: isGrey ? 'grey' : 'colour',
    depth: image[24] === 16 ? 2 : 1,
    hasAlpha: !isGrey,
  };
}

function readJpeg(image: Buffer): ImageHeader | undefined {
  if (image.length < 4 || image.readUInt16BE(0) !== 0xff_d8) return undefined;
  let at = 2;
  while (at + 9 < image.length) {
    if (image[at] !== 0xff) return undefined;
    const marker = image[at + 1]!;
    if (marker === 0xff) {
      at++;
      continue;
    }
    if (isFrame(marker)) return readFrame(image, at + 4);
    // Markers without a segment: none of them stands before the frame.
    if (marker < 0xc0 || (marker >= 0xd0 && marker <= 0xda)) return undefined;
    at += 2 + image.readUInt16BE(at + 2);
  }
  return undefined;
}

/** SOF0 to SOF15, less the tables and extensions that stand between them. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

const coloursByComponents: Readonly<Record<number, ImageHeader['colours']>> = { 1: 'grey', 3: 'colour', 4: 'cmyk' };

function readFrame(image: Buffer, at: number): ImageHeader | undefined {
  if (at + 6 > image.length || image[at] !== 8) return undefined;
  const colours = coloursByComponents[image[at + 5]!];
  if (!colours) return undefined;
  return { height: image.readUInt16BE(at + 1), width: image.readUInt16BE(at + 3), colours, depth: 1, hasAlpha: false };
}
