"""Asks a server's models whatever ovmsclient can ask, and checks each answer. Usage: ovmsclient_models_check.py grpc|http ADDRESS

It serves the models of every-model.test.ts: those of the fixtures (y = 2x + 1), `add_TYPE` (a = b + 1) for each datatype,
`texts` and `flags` (a = b), `rows` (texts as rows of bytes, as they are) and `two` (a = b + 1, d = c).
"""

import sys

import numpy as np
import ovmsclient

protocol, address = sys.argv[1:]
client = {"grpc": ovmsclient.make_grpc_client, "http": ovmsclient.make_http_client}[protocol](address)


def check_formats():
    x = np.arange(8, dtype=np.float32).reshape(2, 4)
    for model in ["onnx", "saved_model", "frozen_graph", "tflite", "paddle"]:
        metadata = client.get_model_metadata(model_name=model)
        [(given, info)] = metadata["inputs"].items()
        assert info == {"shape": [-1, 4], "dtype": "DT_FLOAT"}, metadata
        answer = client.predict(inputs={given: x}, model_name=model)
        np.testing.assert_array_equal(answer, 2 * x + 1, model)


def check_types():
    types = {
        "FP16": np.float16, "FP32": np.float32, "FP64": np.float64,
        "INT8": np.int8, "INT16": np.int16, "INT32": np.int32, "INT64": np.int64,
        "UINT8": np.uint8, "UINT16": np.uint16, "UINT32": np.uint32, "UINT64": np.uint64,
    }  # fmt: skip
    for name, kind in types.items():
        b = np.array([[0, 1, 2], [3, 4, 100]], dtype=kind)
        a = client.predict(inputs={"b": b}, model_name=f"add_{name}")
        # JSON does not say of which type numbers are.
        assert protocol == "http" or a.dtype == kind, a.dtype
        np.testing.assert_array_equal(a, b + kind(1), name)
    if protocol == "http":
        # numpy has no such type, but JSON has none at all.
        a = client.predict(inputs={"b": [[0.0, 1.0, 2.0]]}, model_name="add_BF16")
        np.testing.assert_array_equal(a, [[1, 2, 3]])
    else:
        empty = client.predict(inputs={"b": np.empty((0, 3), np.float32)}, model_name="add_FP32")
        assert empty.shape == (0, 3), empty
    flags = np.array([True, False, True])
    np.testing.assert_array_equal(client.predict(inputs={"b": flags}, model_name="flags"), flags)
    texts = ["one", "two", "größer"]
    for model in ["texts", "rows"]:
        answer = client.predict(inputs={"b": texts}, model_name=model)
        got = [text.decode() if isinstance(text, bytes) else text for text in answer.tolist()]
        assert got == texts, got


def check_requests():
    b, c = np.array([[1, 2]], np.float32), np.array([[5, 6]], np.float32)
    for version in (0, 1):
        answer = client.predict(inputs={"b": b, "c": c}, model_name="two", model_version=version)
        np.testing.assert_array_equal(answer["a"], b + 1)
        np.testing.assert_array_equal(answer["d"], c)
    try:
        client.predict(inputs={"b": b}, model_name="two")
    except ovmsclient.tfs_compat.base.errors.InvalidInputError as error:
        assert "Invalid number of inputs - Expected: 2; Actual: 1" in str(error), error
    else:
        sys.exit("one input was taken for two")
    try:
        client.predict(inputs={"b": b, "c": c}, model_name="two", model_version=7)
    except ovmsclient.tfs_compat.base.errors.ModelNotFoundError as error:
        assert "Model with requested version is not found" in str(error), error
    else:
        sys.exit("an unknown version was found")


check_formats()
check_types()
check_requests()
print("all answers are right")
