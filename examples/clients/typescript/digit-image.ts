import sharp from 'sharp';

/** An image file as the digits model takes it: 8 x 8 levels of grey, 64 floats from 0 (ground) to 255 (stroke). */
export async function readDigit(file: string): Promise<Float32Array> {
  const pixels = await sharp(file)
    .removeAlpha()
    .greyscale()
    .resize(8, 8, { fit: 'fill', kernel: 'linear' })
    .raw()
    .toBuffer();
  return Float32Array.from(pixels);
}
