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
