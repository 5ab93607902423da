"""Writes images, and what OpenCV makes of them, into a folder: truth.json says which, *.raw are samples row by row.

    truth.py FOLDER
"""

import json
import struct
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageCms

HEIGHT, WIDTH = 45, 61
SIZES = [(45, 61), (224, 224), (45, 200), (7, 9), (1, 1), (90, 122), (23, 31), (44, 60), (13, 61)]

random = np.random.default_rng(6)


def picture(channels):
    coarse = random.random((12, 16, channels)).astype(np.float32)
    fine = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC).reshape(HEIGHT, WIDTH, channels)
    noise = random.integers(-9, 10, fine.shape)
    return np.clip(fine * 255 + noise, 0, 255).astype(np.uint8)


def png(bits, colour, rows, *chunks, width=WIDTH, height=HEIGHT):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    parts = [(b"IHDR", header), *chunks, (b"IDAT", data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def packed(grey, bits):
    for row in grey >> (8 - bits):
        text = "".join(format(sample, f"0{bits}b") for sample in row)
        text += "0" * (-len(text) % 8)
        yield bytes(int(text[i : i + 8], 2) for i in range(0, len(text), 8))


def write_images(folder):
    rgb, grey = picture(3), picture(1)[:, :, 0]
    alpha = picture(1)[:, :, 0]
    colour, shades = Image.fromarray(rgb), Image.fromarray(grey)
    colour.save(folder / "420.jpg", quality=85)
    colour.save(folder / "422.jpg", quality=90, subsampling=1)
    colour.save(folder / "444.jpg", quality=95, subsampling=0)
    colour.save(folder / "progressive.jpg", quality=85, progressive=True)
    colour.convert("CMYK").save(folder / "cmyk.jpg", quality=90)
    shades.save(folder / "grey.jpg", quality=85)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes().replace(b"\0\0\xf3\x51", b"\0\0\x83\x51")
    colour.save(folder / "profile.jpg", quality=90, icc_profile=profile)
    turned = Image.Exif()
    turned[0x112] = 6
    colour.save(folder / "orientation.jpg", quality=90, exif=turned)
    jpeg = (folder / "420.jpg").read_bytes()
    (folder / "behind.jpg").write_bytes(jpeg + b"what follows")
    (folder / "cut.jpg").write_bytes(jpeg[: len(jpeg) * 2 // 3])
    (folder / "head.jpg").write_bytes(jpeg[:300])

    colour.save(folder / "rgb.png")
    shades.save(folder / "grey.png")
    Image.fromarray(np.dstack([rgb, alpha])).save(folder / "rgba.png")
    Image.fromarray(np.dstack([grey, alpha]), "LA").save(folder / "grey-alpha.png")
    colour.quantize(40).save(folder / "palette.png")
    colour.quantize(12).save(folder / "palette-4.png", bits=4)
    colour.quantize(40).save(folder / "palette-alpha.png", transparency=bytes([0, 100, 255]))
    rgb16 = rgb.astype(np.uint16) * 251 + random.integers(0, 9, rgb.shape).astype(np.uint16)
    cv2.imwrite(str(folder / "rgb-16.png"), rgb16)
    cv2.imwrite(str(folder / "rgba-16.png"), np.dstack([rgb16, rgb16[:, :, :1]]))
    cv2.imwrite(str(folder / "grey-16.png"), rgb16[:, :, 0])
    for bits in (1, 2, 4):
        (folder / f"grey-{bits}.png").write_bytes(png(bits, 0, packed(grey, bits)))
    rows = [row.tobytes() for row in rgb]
    first = rgb[3, 3].astype(">u2").tobytes()
    (folder / "rgb-transparent.png").write_bytes(png(8, 2, rows, (b"tRNS", first)))
    shade = struct.pack(">H", int(grey[3, 3]))
    (folder / "grey-transparent.png").write_bytes(png(8, 0, [row.tobytes() for row in grey], (b"tRNS", shade)))
    (folder / "gamma.png").write_bytes(png(8, 2, rows, (b"gAMA", struct.pack(">I", 100000))))
    good = (folder / "rgb.png").read_bytes()
    (folder / "cut.png").write_bytes(good[: len(good) // 2])

    colour.save(folder / "lossy.webp", quality=80)
    colour.save(folder / "lossless.webp", lossless=True)
    Image.fromarray(np.dstack([rgb, alpha])).save(folder / "alpha.webp", quality=80)
    colour.save(folder / "plain.tiff")
    colour.save(folder / "lzw.tiff", compression="tiff_lzw")
    shades.save(folder / "grey.tiff")


def main(folder):
    write_images(folder)
    truth = []
    for path in sorted(folder.iterdir()):
        mat = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
        if mat is None:
            truth.append({"file": path.name})
            continue
        entry = {"file": path.name, "channels": 1 if mat.ndim == 2 else mat.shape[2], "bits": mat.itemsize * 8, "sizes": []}
        for height, width in SIZES:
            resized = mat if mat.shape[:2] == (height, width) else cv2.resize(mat, (width, height))
            name = f"{path.name}.{height}x{width}.raw"
            resized.tofile(folder / name)
            entry["sizes"].append({"height": height, "width": width, "raw": name})
        truth.append(entry)
    (folder / "truth.json").write_text(json.dumps(truth))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
