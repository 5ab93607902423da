"""Writes what OpenCV makes of pictures of floats, as the custom nodes of OpenVINO Model Server use it, into a folder.

    nodes_truth.py FOLDER

nodes.json lists the cases: the node and its parameters, its inputs and the expected outputs, each with its shape and a file of
32-bit floats (outputs of other types too).
"""

import json
import sys
from pathlib import Path

import cv2
import numpy as np

random = np.random.default_rng(7)
HEIGHT, WIDTH = 48, 64


def picture(height=HEIGHT, width=WIDTH, channels=3):
    coarse = random.random((height // 4, width // 4, channels)).astype(np.float32)
    fine = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC).reshape(height, width, channels)
    return (fine * 255 + random.normal(0, 5, fine.shape)).astype(np.float32)


def resized(image, width, height):
    return image if image.shape[:2] == (height, width) else cv2.resize(image, (width, height))


def laid_out(image, layout):
    image = image.reshape(*image.shape[:2], -1)
    return np.array(image.transpose(2, 0, 1) if layout == "NCHW" else image, order="C")[None]


def transformation(original, target, layouts, size, means=None, scales=None, scale=None):
    image = picture(channels=1 if original == "GRAY" else 3)
    inputs = {"image": laid_out(image, layouts[0])}
    if original != target:
        image = cv2.cvtColor(image, getattr(cv2, f"COLOR_{original}2{target}"))
    image = resized(image, *size).reshape(size[1], size[0], -1)
    if means:
        image = image - np.float32(means)
    if scales:
        image = image / np.float32(scales)
    elif scale:
        image = image / np.float32(scale)
    parameters = {
        "target_image_width": size[0],
        "target_image_height": size[1],
        "original_image_color_order": original,
        "target_image_color_order": target,
        "original_image_layout": layouts[0],
        "target_image_layout": layouts[1],
        **({"mean_values": json.dumps(means)} if means else {}),
        **({"scale_values": json.dumps(scales)} if scales else {}),
        **({"scale": scale} if scale else {}),
    }
    return "image_transformation", parameters, inputs, {"image": laid_out(image, layouts[1])}


def box_parameters(layouts, size, grey=False):
    return {
        "original_image_width": WIDTH,
        "original_image_height": HEIGHT,
        "original_image_layout": layouts[0],
        "target_image_width": size[0],
        "target_image_height": size[1],
        "target_image_layout": layouts[1],
        "convert_to_gray_scale": str(grey).lower(),
        "confidence_threshold": 0.5,
    }


def stacked(parts, layouts, size, grey):
    parts = [resized(part, *size) for part in parts]
    if grey:
        parts = [cv2.cvtColor(part, cv2.COLOR_BGR2GRAY) for part in parts]
    return np.stack([laid_out(part, layouts[1]) for part in parts]).astype(np.float32)


def detection_rows():
    """Some that count, one of another picture, one that is not sure, one that begins before the picture, one beyond it."""
    return np.float32(
        [
            [0, 3, 0.9, 0.1, 0.2, 0.55, 0.75],
            [0, 1, 0.4, 0.1, 0.2, 0.5, 0.7],
            [1, 1, 0.9, 0.1, 0.2, 0.5, 0.7],
            [0, 3, 0.5, 0.3, 0.3, 0.301, 0.9],
            [0, 5, 0.7, 0.613, 0.417, 1.3, 1.1],
            [0, 3, 0.8, -0.2, 0.5, 0.3, 0.9],
        ]
    )


def boxes_of(rows):
    scale = np.float32([WIDTH, HEIGHT, WIDTH, HEIGHT])
    for row in rows:
        left, top, right, bottom = (row[3:] * scale).astype(np.int32)
        if row[0] == 0 and row[2] >= 0.5:
            x, y = max(0, left), max(0, top)
            width, height = min(right - left, WIDTH - x), min(bottom - top, HEIGHT - y)
            if width > 0 and height > 0:
                yield row, (int(x), int(y), int(width), int(height))


def detection(layouts, size, grey):
    image, rows = picture(), detection_rows()
    found = list(boxes_of(rows))
    parts = [image[y : y + height, x : x + width] for _, (x, y, width, height) in found]
    inputs = {"image": laid_out(image, layouts[0]), "detection": rows[None, None]}
    outputs = {
        "images": stacked(parts, layouts, size, grey),
        "coordinates": np.stack([row[None, 3:] for row, _ in found]),
        "confidences": np.stack([row[None, 2:3] for row, _ in found]),
        "label_ids": np.stack([row[None, 1:2] for row, _ in found]).astype(np.int32),
    }
    return "model_zoo_intel_object_detection", box_parameters(layouts, size, grey), inputs, outputs


def horizontal(layouts, size, grey):
    image = picture()
    rows = np.float32([[3.7, 5.2, 40.9, 20.1, 0.8], [1, 1, 9, 9, 0.3], [20, 30, 63.5, 47.9, 0.5]])
    boxes = np.int32([[3, 5, 37, 14], [20, 30, 43, 17]])
    parts = [image[y : y + height, x : x + width] for x, y, width, height in boxes]
    inputs = {"image": laid_out(image, layouts[0]), "boxes": rows}
    outputs = {
        "text_images": stacked(parts, layouts, size, grey),
        "text_coordinates": boxes[:, None],
        "confidence_levels": rows[[0, 2], None, 4:],
    }
    return "horizontal_ocr", box_parameters(layouts, size, grey), inputs, outputs


def east(layouts, size, grey, angles):
    """One line of text for each angle, far from the others, found at two places with different scores."""
    image = picture()
    scores = np.zeros((1, HEIGHT // 4, WIDTH // 4, 1), np.float32)
    geometry = np.zeros((1, HEIGHT // 4, WIDTH // 4, 5), np.float32)
    parts, boxes, kept = [], [], []
    for i, angle in enumerate(angles):
        row, column, score = 6, 4 + 7 * i, 0.9 - 0.1 * i
        up, right, down, left = 5.3, 9.1, 4.2, 8.4
        scores[0, row, column] = score
        geometry[0, row, column] = up, right, down, left, angle
        scores[0, row, column + 1] = score - 0.05
        geometry[0, row, column + 1] = up, right, down, left, angle
        cos, sin = np.cos(np.float32(angle)), np.sin(np.float32(angle))
        x2 = column * 4 + int(cos * np.float32(right) + sin * np.float32(down))
        y2 = row * 4 + int(-sin * np.float32(right) + cos * np.float32(down))
        height, width = np.float32(up) + np.float32(down), np.float32(right) + np.float32(left)
        x1, y1 = x2 + int(-sin * height), y2 + int(-cos * height)
        x3, y3 = x2 + int(-cos * width), y2 + int(sin * width)
        x4, y4 = x3 + x1 - x2, y3 + y1 - y2
        left, top = max(0, min(x1, x2, x3, x4)), max(0, min(y1, y2, y3, y4))
        right, bottom = min(WIDTH, max(x1, x2, x3, x4)), min(HEIGHT, max(y1, y2, y3, y4))
        part = image[top:bottom, left:right]
        degrees = np.degrees(np.float32(angle))
        if abs(degrees) > 20:
            centre = (part.shape[1] // 2, part.shape[0] // 2)
            matrix = cv2.getRotationMatrix2D(centre, -float(degrees), 1.0)
            part = cv2.warpAffine(part, matrix, (part.shape[1], part.shape[0]))
            offset = int((part.shape[0] - height) / 2)
            part = part[offset : offset + int(height)]
        parts.append(part)
        boxes.append([[left, top, right - left, bottom - top]])
        kept.append([[score]])
    inputs = {"image": laid_out(image, layouts[0]), "scores": scores, "geometry": geometry}
    outputs = {
        "text_images": stacked(parts, layouts, size, grey),
        "text_coordinates": np.int32(boxes),
        "confidence_levels": np.float32(kept),
    }
    return "east_ocr", box_parameters(layouts, size, grey), inputs, outputs


def blurred(layouts, size, kernel):
    image, rows = picture(), detection_rows()
    inputs = {"image": laid_out(image, layouts[0]), "detection": rows[None, None]}
    for _, (x, y, width, height) in boxes_of(rows):
        # The node blurs a part that knows what is around it; a slice of an array does not.
        whole = cv2.GaussianBlur(image, (kernel, kernel), 0)
        image[y : y + height, x : x + width] = whole[y : y + height, x : x + width]
    parameters = {**box_parameters(layouts, size), "gaussian_blur_kernel_size": kernel}
    return "face_blur", parameters, inputs, {"image": laid_out(resized(image, *size), layouts[1])}


def cases():
    nhwc, nchw = ("NHWC", "NHWC"), ("NCHW", "NCHW")
    for size in [(64, 48), (224, 224), (32, 24), (7, 9), (1, 1), (61, 50)]:
        yield transformation("BGR", "BGR", nhwc, size)
    yield transformation("BGR", "RGB", ("NHWC", "NCHW"), (40, 30), means=[123.675, 116.28, 103.53], scales=[58.4, 57.1, 57.38])
    yield transformation("RGB", "BGR", ("NCHW", "NHWC"), (100, 90), scale=255)
    yield transformation("BGR", "GRAY", nchw, (20, 20), means=[10], scale=2)
    yield transformation("RGB", "GRAY", nhwc, (80, 80), scales=[3])
    yield transformation("GRAY", "BGR", nchw, (33, 44))
    yield transformation("GRAY", "RGB", nhwc, (64, 48), means=[1, 2, 3])
    yield transformation("GRAY", "GRAY", nhwc, (9, 9))
    for make in (detection, horizontal):
        yield make(nchw, (20, 30), False)
        yield make(("NHWC", "NCHW"), (72, 10), True)
        yield make(nhwc, (40, 40), False)
    yield east(nchw, (40, 16), False, [0.1, -0.2])
    yield east(("NHWC", "NHWC"), (30, 12), True, [0.6, -0.7])
    yield east(nchw, (30, 12), False, [0.5, 1.2])
    for kernel in (1, 3, 5, 7, 9, 15, 51):
        yield blurred(nchw, (64, 48), kernel)
    yield blurred(("NHWC", "NCHW"), (30, 30), 11)


def main(folder):
    listed = []

    def write(name, array):
        array = np.ascontiguousarray(array, dtype=array.dtype if array.dtype == np.int32 else np.float32)
        array.tofile(folder / name)
        return {"shape": array.shape, "file": name}

    for i, (node, parameters, inputs, outputs) in enumerate(cases()):
        listed.append(
            {
                "node": node,
                "parameters": {name: str(value) for name, value in parameters.items()},
                "inputs": {name: write(f"{i}.in.{name}", array) for name, array in inputs.items()},
                "outputs": {name: write(f"{i}.out.{name}", array) for name, array in outputs.items()},
            }
        )
    (folder / "nodes.json").write_text(json.dumps(listed))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
