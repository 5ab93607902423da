"""Asks a server's models by tensorflow-serving-api and TensorFlow's own make_tensor_proto. Usage: tensorflow_serving_check.py ADDRESS

It serves the models of every-model.test.ts: those of the fixtures (y = 2x + 1), `add_TYPE` (a = b + 1) for each datatype,
`texts` and `flags` (a = b), `rows` (texts as rows of bytes, as they are) and `two` (a = b + 1, d = c).
"""

import sys

import grpc
import ml_dtypes
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

[address] = sys.argv[1:]
channel = grpc.insecure_channel(address)
predictions = prediction_service_pb2_grpc.PredictionServiceStub(channel)
models = model_service_pb2_grpc.ModelServiceStub(channel)


def predict(model, inputs, **more):
    request = predict_pb2.PredictRequest(**more)
    request.model_spec.name = model
    for name, values in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(values))
    response = predictions.Predict(request, timeout=60)
    assert response.model_spec.version.value == 1, response.model_spec
    return {name: tf.make_ndarray(tensor) for name, tensor in response.outputs.items()}


def refused(code, message, ask):
    try:
        ask()
    except grpc.RpcError as error:
        assert error.code() == code and message in error.details(), error
    else:
        sys.exit(f"not refused: {message}")


def signature(model):
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = model
    response = predictions.GetModelMetadata(request, timeout=60)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(signatures)
    return signatures.signature_def["serving_default"]


def check_formats():
    x = np.arange(8, dtype=np.float32).reshape(2, 4)
    for model in ["onnx", "saved_model", "frozen_graph", "tflite", "paddle"]:
        found = signature(model)
        [given], [got] = found.inputs, found.outputs
        assert [dim.size for dim in found.inputs[given].tensor_shape.dim] == [-1, 4], found
        np.testing.assert_array_equal(predict(model, {given: x})[got], 2 * x + 1, model)


def check_types():
    types = {
        "FP16": np.float16, "FP32": np.float32, "FP64": np.float64, "BF16": ml_dtypes.bfloat16,
        "INT8": np.int8, "INT16": np.int16, "INT32": np.int32, "INT64": np.int64,
        "UINT8": np.uint8, "UINT16": np.uint16, "UINT32": np.uint32, "UINT64": np.uint64,
    }  # fmt: skip
    for name, kind in types.items():
        # make_tensor_proto writes arrays, single values and such as are all the same differently.
        for b in ([[0, 1, 2], [3, 4, 100]], [[7, 7, 7]], np.empty((0, 3))):
            b = np.array(b, dtype=kind)
            assert tf.as_dtype(kind) == signature(f"add_{name}").inputs["b"].dtype, name
            a = predict(f"add_{name}", {"b": b})["a"]
            assert a.dtype == kind, a.dtype
            np.testing.assert_array_equal(a, b + kind(1), name)
    flags = np.array([True, False, True])
    np.testing.assert_array_equal(predict("flags", {"b": flags})["a"], flags)
    texts = [b"one", b"", "größer".encode()]
    for model, output, sent in [("texts", "a", [*texts, bytes(range(256))]), ("rows", "a_string", texts)]:
        got = predict(model, {"b": np.array(sent, dtype=np.object_)})[output]
        assert got.tolist() == sent, got


def check_requests():
    b, c = np.array([[1, 2]], np.float32), np.array([[5, 6]], np.float32)
    answer = predict("two", {"b": b, "c": c})
    np.testing.assert_array_equal(answer["a"], b + 1)
    np.testing.assert_array_equal(answer["d"], c)
    assert list(predict("two", {"b": b, "c": c}, output_filter=["d"])) == ["d"]
    status = get_model_status_pb2.GetModelStatusRequest()
    status.model_spec.name = "two"
    [version] = models.GetModelStatus(status, timeout=60).model_version_status
    assert version.version == 1, version
    assert version.state == get_model_status_pb2.ModelVersionStatus.AVAILABLE, version
    invalid = grpc.StatusCode.INVALID_ARGUMENT
    refused(invalid, "Invalid number of inputs - Expected: 2; Actual: 1", lambda: predict("two", {"b": b}))
    refused(grpc.StatusCode.NOT_FOUND, "Pipeline with requested name is not found", lambda: predict("nobody", {}))
    classify = classification_pb2.ClassificationRequest()
    refused(grpc.StatusCode.UNIMPLEMENTED, "", lambda: predictions.Classify(classify, timeout=60))


check_formats()
check_types()
check_requests()
channel.close()
print("all answers are right")
