"""Asks a server whatever tritonclient can ask over gRPC, and checks each answer. Usage: tritonclient_check.py ADDRESS

It serves the models of every-model.test.ts: those of the fixtures (y = 2x + 1), `add_TYPE` (a = b + 1) for each datatype,
`texts` and `flags` (a = b), `rows` (texts as rows of bytes, as they are) and `two` (a = b + 1, d = c).
"""

import queue
import sys

import ml_dtypes
import numpy as np
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException

[address] = sys.argv[1:]
client = triton.InferenceServerClient(address)


def tensor(name, datatype, values):
    given = triton.InferInput(name, list(values.shape), datatype)
    given.set_data_from_numpy(values)
    return given


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
    assert metadata.name == "OpenVINO Model Server" and metadata.version, metadata


def check_models():
    assert client.is_model_ready("onnx") and client.is_model_ready("onnx", "1")
    refused("Model with requested version is not found", lambda: client.is_model_ready("onnx", "7"))
    refused("Model with requested name is not found", lambda: client.is_model_ready("nobody"))
    metadata = client.get_model_metadata("onnx", as_json=True)
    shape = ["-1", "4"]
    assert metadata == {
        "name": "onnx",
        "versions": ["1"],
        "platform": "OpenVINO",
        "inputs": [{"name": "x", "datatype": "FP32", "shape": shape}],
        "outputs": [{"name": "y", "datatype": "FP32", "shape": shape}],
    }, metadata
    index = client.get_model_repository_index()
    assert {entry.state for entry in index.models} == {"READY"}, index
    client.unload_model("onnx", unload_dependents=True)
    refused("Model with requested version is not found", lambda: client.is_model_ready("onnx"))
    told = {}
    while told.get("onnx") != ("UNAVAILABLE", "unloaded"):  # the test has a time limit
        index = client.get_model_repository_index()
        told = {entry.name: (entry.state, entry.reason) for entry in index.models}
    client.load_model("onnx")
    assert client.is_model_ready("onnx")
    assert refused("failed to load 'nobody'", lambda: client.load_model("nobody")) == "StatusCode.NOT_FOUND"
    refused("The parameter config of a request to load", lambda: client.load_model("onnx", config="{}"))
    refused("", lambda: client.get_inference_statistics())


def check_formats():
    x = np.arange(8, dtype=np.float32).reshape(2, 4)
    for model in ["onnx", "saved_model", "frozen_graph", "tflite", "paddle"]:
        metadata = client.get_model_metadata(model)
        [given], [got] = metadata.inputs, metadata.outputs
        answer = client.infer(model, [tensor(given.name, given.datatype, x)])
        np.testing.assert_array_equal(answer.as_numpy(got.name), 2 * x + 1, model)


def check_types():
    types = {
        "FP16": np.float16, "FP32": np.float32, "FP64": np.float64,
        "INT8": np.int8, "INT16": np.int16, "INT32": np.int32, "INT64": np.int64,
        "UINT8": np.uint8, "UINT16": np.uint16, "UINT32": np.uint32, "UINT64": np.uint64,
    }  # fmt: skip
    for name, kind in types.items():
        b = np.array([[0, 1, 2], [3, 4, 100]], dtype=kind)
        a = client.infer(f"add_{name}", [tensor("b", name, b)]).as_numpy("a")
        assert a.dtype == kind, a.dtype
        np.testing.assert_array_equal(a, b + kind(1), name)
        empty = client.infer(f"add_{name}", [tensor("b", name, b[:0])]).as_numpy("a")
        assert empty.shape == (0, 3), empty.shape
    b = np.array([[0, 1, 2]], dtype=np.float32)
    try:
        given = tensor("b", "BF16", b.astype(ml_dtypes.bfloat16))
    except InferenceServerException:  # older clients make them of 32-bit floats
        given = tensor("b", "BF16", b)
    a = client.infer("add_BF16", [given]).as_numpy("a")
    np.testing.assert_array_equal(a.astype(np.float32), b + 1)
    flags = np.array([True, False, True])
    np.testing.assert_array_equal(client.infer("flags", [tensor("b", "BOOL", flags)]).as_numpy("a"), flags)
    texts = np.array([b"one", b"", "größer".encode(), bytes(range(256))], dtype=np.object_)
    for model, output in [("texts", "a"), ("rows", "a_string")]:
        sent = texts if model == "texts" else texts[:3]
        got = client.infer(model, [tensor("b", "BYTES", sent)]).as_numpy(output)
        assert got.tolist() == sent.tolist(), got


def check_requests():
    b, c = np.array([[1, 2]], np.float32), np.array([[5, 6]], np.float32)
    inputs = [tensor("b", "FP32", b), tensor("c", "FP32", c)]
    wanted = [triton.InferRequestedOutput("d"), triton.InferRequestedOutput("a")]
    answer = client.infer(
        "two", inputs, "1", wanted, request_id="mine", priority=3, timeout=1_000_000, parameters={"k": "v", "n": 1}
    )
    response = answer.get_response()
    assert [output.name for output in response.outputs] == ["d", "a"], response
    assert (response.id, response.model_name, response.model_version) == ("mine", "two", "1"), response
    np.testing.assert_array_equal(answer.as_numpy("a"), b + 1)
    np.testing.assert_array_equal(answer.as_numpy("d"), c)
    answers = queue.Queue()
    client.async_infer("two", inputs, lambda result, error: answers.put((result, error)))
    result, error = answers.get(timeout=30)
    assert error is None, error
    np.testing.assert_array_equal(result.as_numpy("a"), b + 1)
    refused("Mediapipe graph definition with requested name is not found", lambda: client.infer("nobody", inputs))
    status = refused("Invalid number of inputs - Expected: 2; Actual: 1", lambda: client.infer("two", inputs[:1]))
    assert status == "StatusCode.INVALID_ARGUMENT", status


def check_stream():
    answers = queue.Queue()
    client.start_stream(lambda result, error: answers.put((result, error)))
    for i in range(30):
        model = "nobody" if i % 10 == 3 else "add_FP32"
        client.async_stream_infer(model, [tensor("b", "FP32", np.full((1, 3), i, np.float32))], request_id=str(i))
    for i in range(30):
        result, error = answers.get(timeout=30)
        if i % 10 == 3:
            assert "requested name is not found" in error.message(), error
        else:
            assert error is None and result.get_response().id == str(i), (i, error)
            assert result.as_numpy("a").tolist() == [[i + 1] * 3], result
    client.stop_stream()


def check_sequences():
    def add(value, sequence, start=False, end=False):
        given = [tensor("b", "FP32", np.array([[value, 1]], np.float32))]
        answer = client.infer("accumulator", given, sequence_id=sequence, sequence_start=start, sequence_end=end)
        assert answer.get_response().parameters["sequence_id"].int64_param == sequence, answer.get_response()
        return answer.as_numpy("a").tolist()[0]

    assert (add(1, 1001, start=True), add(10, 1002, start=True)) == ([1, 1], [10, 1])
    assert (add(1, 1001), add(10, 1002), add(1, 1001)) == ([2, 2], [20, 2], [3, 3])
    assert (add(1, 1001, end=True), add(10, 1002, end=True)) == ([4, 4], [30, 3])
    status = refused("Sequence with provided ID does not exist", lambda: add(1, 1001))
    assert status == "StatusCode.NOT_FOUND", status
    answers = queue.Queue()
    client.start_stream(lambda result, error: answers.put((result, error)))
    for i in range(20):
        given = [tensor("b", "FP32", np.array([[1, i]], np.float32))]
        client.async_stream_infer("accumulator", given, sequence_id=7, sequence_start=i == 0, sequence_end=i == 19)
    sums = [answers.get(timeout=30)[0].as_numpy("a").tolist()[0][0] for i in range(20)]
    assert sums == list(range(1, 21)), sums
    client.stop_stream()


check_server()
check_models()
check_formats()
check_types()
check_requests()
check_stream()
check_sequences()
client.close()
print("all answers are right")
