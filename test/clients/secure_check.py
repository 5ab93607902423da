"""Asks a server that wants certificates and keys of its clients, as tritonclient and Python's own HTTPS do.
Usage: secure_check.py GRPC_ADDRESS REST_ADDRESS FOLDER KEY

The folder holds the server's authority (server-ca.crt) and the client's own pair (client.crt, client.key). The model `m` adds 1.
"""

import json
import ssl
import sys
import urllib.error
import urllib.request

import numpy as np
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException

grpc_address, rest_address, folder, key = sys.argv[1:]
bearer = {"authorization": f"Bearer {key}"}
own = {"private_key": f"{folder}/client.key", "certificate_chain": f"{folder}/client.crt"}


def infer(headers, pair):
    client = triton.InferenceServerClient(
        grpc_address, ssl=True, root_certificates=f"{folder}/server-ca.crt", **pair
    )
    given = triton.InferInput("b", [1, 10], "FP32")
    given.set_data_from_numpy(np.full((1, 10), 2, np.float32))
    try:
        return client.infer("m", [given], headers=headers).as_numpy("a")[0][0]
    except InferenceServerException as error:
        return error.status()


def predict(headers, pair):
    context = ssl.create_default_context(cafile=f"{folder}/server-ca.crt")
    if pair:
        context.load_cert_chain(pair["certificate_chain"], pair["private_key"])
    body = json.dumps({"instances": [[2] * 10]}).encode()
    request = urllib.request.Request(f"https://{rest_address}/v1/models/m:predict", body, headers)
    try:
        with urllib.request.urlopen(request, context=context) as response:
            return json.load(response)["predictions"][0][0]
    except urllib.error.HTTPError as error:
        return error.code
    except (urllib.error.URLError, ssl.SSLError, ConnectionError):
        return "refused"


for ask, expected in [
    (infer, [3.0, "StatusCode.UNAUTHENTICATED", "StatusCode.UNAVAILABLE"]),
    (predict, [3.0, 401, "refused"]),
]:
    actual = [ask(bearer, own), ask({}, own), ask(bearer, {})]
    assert actual == expected, (ask.__name__, actual)
print("all answers are right")
