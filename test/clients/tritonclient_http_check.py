"""Asks a server whatever tritonclient can ask over HTTP, and checks each answer. Usage: tritonclient_http_check.py ADDRESS

It serves the models of every-model.test.ts: those of the fixtures (y = 2x + 1), `add_TYPE` (a = b + 1) for each datatype,
`texts` and `flags` (a = b), `rows` (texts as rows of bytes, as they are) and `two` (a = b + 1, d = c).
"""

import sys

import numpy as np
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

[address] = sys.argv[1:]
client = triton.InferenceServerClient(address, concurrency=4)


def tensor(name, datatype, values, binary):
    given = triton.InferInput(name, list(values.shape), datatype)
    given.set_data_from_numpy(values, binary_data=binary)
    return given


def outputs(binary, *names):
    return [triton.InferRequestedOutput(name, binary_data=binary) for name in names]


def refused(message, ask):
    try:
        ask()
    except InferenceServerException as error:
        assert message in error.message(), error
        return error.status()
    sys.exit(f"not refused: {message}")


def check_server():
    assert client.is_server_live() and client.is_server_ready()
    metadata = client.get_server_metadata()
    assert metadata["name"] == "OpenVINO Model Server" and metadata["version"], metadata


def check_models():
    assert client.is_model_ready("onnx") and client.is_model_ready("onnx", "1")
    assert not client.is_model_ready("onnx", "7") and not client.is_model_ready("nobody")
    metadata = client.get_model_metadata("onnx")
    assert metadata == {
        "name": "onnx",
        "versions": ["1"],
        "platform": "OpenVINO",
        "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 4]}],
        "outputs": [{"name": "y", "datatype": "FP32", "shape": [-1, 4]}],
    }, metadata
    refused("Model with requested name is not found", lambda: client.get_model_metadata("nobody"))
    assert {entry["state"] for entry in client.get_model_repository_index()} == {"READY"}
    client.unload_model("onnx", unload_dependents=True)
    assert not client.is_model_ready("onnx")
    told = {}
    while told.get("onnx") != ("UNAVAILABLE", "unloaded"):  # the test has a time limit
        told = {entry["name"]: (entry["state"], entry["reason"]) for entry in client.get_model_repository_index()}
    client.load_model("onnx")
    assert client.is_model_ready("onnx")
    refused("failed to load 'nobody'", lambda: client.load_model("nobody"))
    refused("The parameter config of a request to load", lambda: client.load_model("onnx", config="{}"))


def check_formats():
    x = np.arange(8, dtype=np.float32).reshape(2, 4)
    for model in ["onnx", "saved_model", "frozen_graph", "tflite", "paddle"]:
        metadata = client.get_model_metadata(model)
        [given], [got] = metadata["inputs"], metadata["outputs"]
        answer = client.infer(model, [tensor(given["name"], given["datatype"], x, True)])
        np.testing.assert_array_equal(answer.as_numpy(got["name"]), 2 * x + 1, model)


def check_types():
    types = {
        "FP16": np.float16, "FP32": np.float32, "FP64": np.float64,
        "INT8": np.int8, "INT16": np.int16, "INT32": np.int32, "INT64": np.int64,
        "UINT8": np.uint8, "UINT16": np.uint16, "UINT32": np.uint32, "UINT64": np.uint64,
    }  # fmt: skip
    for name, kind in types.items():
        b = np.array([[0, 1, 2], [3, 4, 100]], dtype=kind)
        # The client itself does not write FP16 as JSON, but reads it.
        for binary_in, binary_out in [(True, True), (name == "FP16", False), (True, False)]:
            sent = [tensor("b", name, b, binary_in)]
            a = client.infer(f"add_{name}", sent, outputs=outputs(binary_out, "a")).as_numpy("a")
            assert a.dtype == kind, a.dtype
            np.testing.assert_array_equal(a, b + kind(1), name)
            empty = client.infer(f"add_{name}", [tensor("b", name, b[:0], binary_in)]).as_numpy("a")
            assert empty.shape == (0, 3), empty.shape
    flags = np.array([True, False, True])
    for binary in (True, False):
        sent = [tensor("b", "BOOL", flags, binary)]
        np.testing.assert_array_equal(client.infer("flags", sent, outputs=outputs(binary, "a")).as_numpy("a"), flags)
    texts = np.array([b"one", b"", "größer \" \\ \n".encode(), bytes(range(256))], dtype=np.object_)
    for model, output in [("texts", "a"), ("rows", "a_string")]:
        for binary in (True, False):
            sent = texts if binary and model == "texts" else texts[:3]
            answer = client.infer(model, [tensor("b", "BYTES", sent, binary)], outputs=outputs(binary, output))
            got = [text if isinstance(text, bytes) else text.encode() for text in answer.as_numpy(output).tolist()]
            assert got == sent.tolist(), got
    refused("cannot be given as JSON", lambda: client.infer("texts", [tensor("b", "BYTES", texts, True)], outputs=outputs(False, "a")))


def check_requests():
    b, c = np.array([[1, 2]], np.float32), np.array([[5, 6]], np.float32)
    for binary in (True, False):
        inputs = [tensor("b", "FP32", b, binary), tensor("c", "FP32", c, not binary)]
        wanted = outputs(binary, "d") + outputs(not binary, "a")
        answer = client.infer(
            "two", inputs, "1", wanted, request_id="mine", priority=3, timeout=1_000_000, parameters={"k": "v", "n": 1}
        )
        response = answer.get_response()
        assert [output["name"] for output in response["outputs"]] == ["d", "a"], response
        assert (response["id"], response["model_name"], response["model_version"]) == ("mine", "two", "1"), response
        np.testing.assert_array_equal(answer.as_numpy("a"), b + 1)
        np.testing.assert_array_equal(answer.as_numpy("d"), c)
    pending = [client.async_infer("two", inputs) for _ in range(8)]
    for answer in pending:
        np.testing.assert_array_equal(answer.get_result().as_numpy("a"), b + 1)
    refused("Mediapipe graph definition with requested name is not found", lambda: client.infer("nobody", inputs))
    status = refused("Invalid number of inputs - Expected: 2; Actual: 1", lambda: client.infer("two", inputs[:1]))
    assert status == "400", status
    for algorithm in ("gzip", "deflate"):
        answer = client.infer("two", inputs, request_compression_algorithm=algorithm)
        np.testing.assert_array_equal(answer.as_numpy("a"), b + 1)


def check_sequences():
    def add(value, sequence, start=False, end=False):
        given = [tensor("b", "FP32", np.array([[value, 1]], np.float32), start)]
        answer = client.infer("accumulator", given, sequence_id=sequence, sequence_start=start, sequence_end=end)
        assert answer.get_response()["parameters"] == {"sequence_id": sequence}, answer.get_response()
        return answer.as_numpy("a").tolist()[0]

    assert (add(1, 1001, start=True), add(10, 1002, start=True)) == ([1, 1], [10, 1])
    assert (add(1, 1001), add(10, 1002), add(1, 1001)) == ([2, 2], [20, 2], [3, 3])
    assert (add(1, 1001, end=True), add(10, 1002, end=True)) == ([4, 4], [30, 3])
    status = refused("Sequence with provided ID does not exist", lambda: add(1, 1001))
    assert status == "404", status


check_server()
check_models()
check_formats()
check_types()
check_requests()
check_sequences()
client.close()
print("all answers are right")
