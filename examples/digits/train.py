"""Trains the two versions of the digits model and writes all that the example needs.

    python3 -m venv venv && venv/bin/pip install -r requirements.txt && venv/bin/python train.py

Data: scikit-learn's handwritten digits, 1,797 images of 8x8 pixels with 17 levels, which come inside the package. A fifth is
held out, never trained on. Version 1 is a linear classifier, version 2 a small convolutional net. Both take and give the same:

    image          FP32 [-1, 8, 8, 1]  NHWC, 0 (ground) to 255 (stroke)
    digit          I64  [-1]           the most probable digit
    probabilities  FP32 [-1, 10]

The same packages give the same files.
"""

from pathlib import Path

import autograd.numpy as np
import openvino as ov
from autograd import grad
from openvino import opset13 as ops
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

HERE = Path(__file__).parent
FILTERS = 16
HIDDEN = 32


def load():
    """Images as they come over the wire, N x 8 x 8 in 0..255, and their labels: for training, and held out."""
    digits = load_digits()
    images = np.round(digits.images * (255 / 16)).astype(np.float32)
    return train_test_split(images, digits.target, test_size=0.2, random_state=0, stratify=digits.target)


def patches(images):
    """The 3 x 3 surroundings of every pixel, N x 8 x 8 x 9, with zeros around the image."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    return np.stack([padded[:, r : r + 8, c : c + 8] for r in range(3) for c in range(3)], axis=-1)


def linear(weights, images):
    return images.reshape(len(images), 64) @ weights["dense"] + weights["bias"]


def convolutional(weights, images):
    features = np.maximum(patches(images) @ weights["filters"] + weights["filter_bias"], 0)
    pooled = features.reshape(len(images), 4, 2, 4, 2, FILTERS).max(axis=(2, 4))
    hidden = np.maximum(pooled.reshape(len(images), -1) @ weights["hidden"] + weights["hidden_bias"], 0)
    return hidden @ weights["dense"] + weights["bias"]


def train(forward, weights, images, labels, epochs, augment):
    """Adam on the cross entropy; `augment` moves each image by up to one pixel."""
    random = np.random.RandomState(1)
    targets = np.eye(10)[labels]

    def loss(weights, batch, wanted):
        logits = forward(weights, batch)
        log_sum = np.log(np.sum(np.exp(logits - logits.max(axis=1, keepdims=True)), axis=1)) + logits.max(axis=1)
        decay = sum(np.sum(value**2) for value in weights.values())
        return np.mean(log_sum - np.sum(logits * wanted, axis=1)) + 1e-4 * decay

    gradient = grad(loss)
    mean = {name: np.zeros_like(value) for name, value in weights.items()}
    square = {name: np.zeros_like(value) for name, value in weights.items()}
    step = 0
    for epoch in range(epochs):
        rate = 0.003 * (1 - epoch / epochs)
        for batch in np.array_split(random.permutation(len(images)), len(images) // 64):
            step += 1
            chosen = images[batch]
            if augment:
                chosen = np.stack([shifted(image, *random.randint(-1, 2, 2)) for image in chosen])
            slopes = gradient(weights, chosen, targets[batch])
            for name, slope in slopes.items():
                mean[name] = 0.9 * mean[name] + 0.1 * slope
                square[name] = 0.999 * square[name] + 0.001 * slope**2
                adjusted = mean[name] / (1 - 0.9**step)
                weights[name] = weights[name] - rate * adjusted / (np.sqrt(square[name] / (1 - 0.999**step)) + 1e-8)
    return weights


def shifted(image, down, right):
    return np.pad(image, 1)[1 - down : 9 - down, 1 - right : 9 - right]


def constant(value):
    return ops.constant(np.asarray(value, dtype=np.float32))


def model(logits_of, name):
    """An OpenVINO model around a function from the scaled image to logits."""
    image = ops.parameter([-1, 8, 8, 1], np.float32, name="image")
    image.set_layout(ov.Layout("NHWC"))
    scaled = ops.multiply(image, constant(1 / 255))
    logits = logits_of(scaled)
    digit = ops.squeeze(
        ops.convert(ops.topk(logits, ops.constant(np.int32(1)), 1, "max", "value").output(1), "i64"),
        ops.constant(np.int64([1])),
    )
    probabilities = ops.softmax(logits, 1)
    image.output(0).set_names({"image"})
    digit.output(0).set_names({"digit"})
    probabilities.output(0).set_names({"probabilities"})
    return ov.Model([digit, probabilities], [image], name)


def linear_model(weights):
    def logits(scaled):
        flat = ops.reshape(scaled, ops.constant(np.int64([0, 64])), True)
        return ops.add(ops.matmul(flat, constant(weights["dense"]), False, False), constant(weights["bias"]))

    return model(logits, "digits, linear")


def convolutional_model(weights):
    def logits(scaled):
        planar = ops.transpose(scaled, ops.constant(np.int64([0, 3, 1, 2])))
        filters = weights["filters"].T.reshape(FILTERS, 1, 3, 3)
        convolved = ops.convolution(planar, constant(filters), [1, 1], [1, 1], [1, 1], [1, 1])
        features = ops.relu(ops.add(convolved, constant(weights["filter_bias"].reshape(1, FILTERS, 1, 1))))
        pooled = ops.max_pool(features, [2, 2], [1, 1], [0, 0], [0, 0], [2, 2]).output(0)
        rows = ops.transpose(pooled, ops.constant(np.int64([0, 2, 3, 1])))
        flat = ops.reshape(rows, ops.constant(np.int64([0, 16 * FILTERS])), True)
        hidden = ops.relu(
            ops.add(ops.matmul(flat, constant(weights["hidden"]), False, False), constant(weights["hidden_bias"]))
        )
        return ops.add(ops.matmul(hidden, constant(weights["dense"]), False, False), constant(weights["bias"]))

    return model(logits, "digits, convolutional")


def save(model, version):
    folder = HERE / "models" / "digits" / str(version)
    folder.mkdir(parents=True, exist_ok=True)
    ov.save_model(model, folder / "digits.xml", compress_to_fp16=False)


def accuracy(model, images, labels):
    compiled = ov.compile_model(model, "CPU")
    return float(np.mean(compiled(images[..., None])["digit"] == labels))


def main():
    images, held_out, labels, held_out_labels = load()
    random = np.random.RandomState(0)
    weights = {"dense": np.zeros((64, 10)), "bias": np.zeros(10)}
    first = linear_model(train(linear, weights, images / 255, labels, 30, augment=False))
    weights = {
        "filters": random.randn(9, FILTERS) * 0.3,
        "filter_bias": np.zeros(FILTERS),
        "hidden": random.randn(16 * FILTERS, HIDDEN) * 0.08,
        "hidden_bias": np.zeros(HIDDEN),
        "dense": random.randn(HIDDEN, 10) * 0.2,
        "bias": np.zeros(10),
    }
    second = convolutional_model(train(convolutional, weights, images / 255, labels, 100, augment=True))
    for version, trained in ((1, first), (2, second)):
        save(trained, version)
        print(f"version {version}: {accuracy(trained, held_out, held_out_labels):.1%} of the held-out digits")

    (HERE / "held-out.bin").write_bytes(held_out.astype(np.uint8).tobytes() + held_out_labels.astype(np.uint8).tobytes())
    folder = HERE / "images"
    folder.mkdir(exist_ok=True)
    for digit in range(10):
        image = held_out[np.flatnonzero(held_out_labels == digit)[0]].astype(np.uint8)
        Image.fromarray(image).resize((64, 64), Image.Resampling.NEAREST).save(folder / f"{digit}.png")


main()
