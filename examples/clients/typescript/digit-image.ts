import sharp from 'sharp';

/** Pixels of the digits model's input, each way. */
const side = 8;

/** An image file as the digits model takes it: 8 x 8 levels of grey, 64 floats from 0 (ground) to 255 (stroke). */
export async function readDigit(file: string): Promise<Float32Array> {
  const image = sharp(file).removeAlpha().greyscale().raw();
  const { data, info } = await image.toBuffer({ resolveWithObject: true });
  const digit = new Float32Array(side * side);
  const counts = new Float32Array(side * side);
  // The average of what falls on each pixel: a stroke that is thinner than a pixel leaves its share.
  data.forEach((level, i) => {
    const column = Math.floor(((i % info.width) * side) / info.width);
    const row = Math.floor((Math.floor(i / info.width) * side) / info.height);
    digit[row * side + column]! += level;
    counts[row * side + column]!++;
  });
  return digit.map((sum, i) => sum / Math.max(1, counts[i]!));
}
