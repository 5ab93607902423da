"""Asks a server whatever KServe's own client can ask, and checks each answer. Usage: kserve_check.py grpc|http ADDRESS

It serves the models of every-model.test.ts: those of the fixtures (y = 2x + 1), `add_TYPE` (a = b + 1) for each datatype,
`texts` and `flags` (a = b), `rows` (texts as rows of bytes, as they are) and `two` (a = b + 1, d = c).
"""

import asyncio
import logging
import sys

import grpc
import httpx
import numpy as np
from kserve import InferInput, InferRequest, InferenceGRPCClient, InferenceRESTClient
from kserve.inference_client import RESTConfig
from kserve.protocol.infer_type import RequestedOutput

protocol, address = sys.argv[1:]
is_http = protocol == "http"
# It logs each refusal with a trace.
logging.disable(logging.ERROR)


def tensor(name, datatype, values, binary=True):
    given = InferInput(name, list(values.shape), datatype)
    given.set_data_from_numpy(values, binary_data=binary)
    return given


class Asker:
    """The same calls over either protocol."""

    def __init__(self):
        if is_http:
            self.client = InferenceRESTClient(RESTConfig(protocol="v2", timeout=60))
            self.base = [f"http://{address}"]
        else:
            self.client = InferenceGRPCClient(address)
            self.base = []

    async def infer(self, model, inputs, **more):
        request = InferRequest(model_name=model, infer_inputs=inputs, **more)
        if is_http:
            return await self.client.infer(self.base[0], request, model_name=model)
        return await self.client.infer(request)

    async def output(self, model, inputs, **more):
        [only] = (await self.infer(model, inputs, **more)).outputs
        return only.as_numpy()

    async def refused(self, message, model, inputs, **more):
        try:
            await self.infer(model, inputs, **more)
        except httpx.HTTPStatusError as error:
            assert message in str(error), error
            return error.response.status_code
        except grpc.RpcError as error:
            assert message in error.details(), error
            return error.code()
        sys.exit(f"not refused: {message}")


async def check_server(ask):
    assert await ask.client.is_server_live(*ask.base)
    assert await ask.client.is_server_ready(*ask.base)
    assert await ask.client.is_model_ready(*ask.base, model_name="onnx")
    if is_http:
        assert not await ask.client.is_model_ready(*ask.base, model_name="nobody")
        return
    try:
        await ask.client.is_model_ready(model_name="nobody")
    except grpc.RpcError as error:
        assert error.details() == "Model with requested name is not found", error
    else:
        sys.exit("an unknown model was found")


async def check_formats(ask):
    x = np.arange(8, dtype=np.float32).reshape(2, 4)
    # The client does not ask for metadata.
    inputs = {"onnx": "x", "saved_model": "x", "frozen_graph": "x:0", "tflite": "serving_default_x:0", "paddle": "x"}
    for model, name in inputs.items():
        for binary in (True, False):
            np.testing.assert_array_equal(await ask.output(model, [tensor(name, "FP32", x, binary)]), 2 * x + 1, model)


async def check_types(ask):
    # The client knows no BF16.
    types = {
        "FP16": np.float16, "FP32": np.float32, "FP64": np.float64,
        "INT8": np.int8, "INT16": np.int16, "INT32": np.int32, "INT64": np.int64,
        "UINT8": np.uint8, "UINT16": np.uint16, "UINT32": np.uint32, "UINT64": np.uint64,
    }  # fmt: skip
    wanted = {"binary_data_output": True}
    for name, kind in types.items():
        b = np.array([[0, 1, 2], [3, 4, 100]], dtype=kind)
        for binary_in, parameters in [(True, wanted), (name == "FP16", wanted), (True, None)]:
            # The client itself does not write FP16 other than raw.
            a = await ask.output(f"add_{name}", [tensor("b", name, b, binary_in)], parameters=parameters)
            assert a.dtype == kind, a.dtype
            np.testing.assert_array_equal(a, b + kind(1), name)
            empty = await ask.output(f"add_{name}", [tensor("b", name, b[:0], binary_in)], parameters=parameters)
            assert empty.shape == (0, 3), empty.shape
    flags = np.array([True, False, True])
    texts = np.array([b"one", b"", "größer".encode()], dtype=np.object_)
    for binary in (True, False):
        np.testing.assert_array_equal(await ask.output("flags", [tensor("b", "BOOL", flags, binary)]), flags)
        for model in ("texts", "rows"):
            answer = await ask.output(model, [tensor("b", "BYTES", texts, binary)])
            got = [text if isinstance(text, bytes) else text.encode() for text in answer.tolist()]
            assert got == texts.tolist(), got
    if is_http:
        return  # where the client takes whatever it gets for UTF-8
    several = np.array([bytes(range(256)), b""], dtype=np.object_)
    answer = await ask.output("texts", [tensor("b", "BYTES", several)])
    assert answer.tolist() == several.tolist(), answer


async def check_requests(ask):
    b, c = np.array([[1, 2]], np.float32), np.array([[5, 6]], np.float32)
    # Over gRPC elements are raw for all inputs, or for none.
    for binary_b, binary_c in [(True, True), (False, False)] + ([(True, False), (False, True)] if is_http else []):
        inputs = [tensor("b", "FP32", b, binary_b), tensor("c", "FP32", c, binary_c)]
        response = await ask.infer(
            "two", inputs, request_id="mine", request_outputs=[RequestedOutput("d"), RequestedOutput("a")]
        )
        assert (response.id, response.model_name) == ("mine", "two"), response
        assert is_http or response.model_version == "1", response  # which it does not read over HTTP
        assert [output.name for output in response.outputs] == ["d", "a"], response
        np.testing.assert_array_equal(response.outputs[0].as_numpy(), c)
        np.testing.assert_array_equal(response.outputs[1].as_numpy(), b + 1)
    answers = await asyncio.gather(*(ask.infer("two", inputs) for _ in range(20)))
    assert all(answer.outputs[0].as_numpy().tolist() == [[2, 3]] for answer in answers)
    code = await ask.refused("Mediapipe graph definition with requested name is not found", "nobody", inputs)
    assert code == (404 if is_http else grpc.StatusCode.NOT_FOUND), code
    code = await ask.refused("Invalid number of inputs - Expected: 2; Actual: 1", "two", inputs[:1])
    assert code == (400 if is_http else grpc.StatusCode.INVALID_ARGUMENT), code


async def check_first_protocol():
    """KServe's first protocol, whose inferences are those of TensorFlow Serving."""
    async with InferenceRESTClient(RESTConfig(protocol="v1", timeout=60)) as client:
        body = {"instances": [{"b": [1, 2], "c": [5, 6]}]}
        answer = await client.infer(f"http://{address}", body, model_name="two")
        assert answer == {"predictions": [{"a": [2, 3], "d": [5, 6]}]}, answer


async def main():
    ask = Asker()
    await check_server(ask)
    await check_formats(ask)
    await check_types(ask)
    await check_requests(ask)
    await ask.client.close()
    if is_http:
        await check_first_protocol()


asyncio.run(main())
print("all answers are right")
