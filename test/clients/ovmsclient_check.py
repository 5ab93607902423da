"""Asks a server of the digits model whatever ovmsclient can ask, and checks each answer. Usage: ovmsclient_check.py grpc|http ADDRESS IMAGE"""

import sys

import numpy
import ovmsclient
from PIL import Image

protocol, address, file = sys.argv[1:]
client = {"grpc": ovmsclient.make_grpc_client, "http": ovmsclient.make_http_client}[protocol](address)

status = client.get_model_status(model_name="digits")
assert status == {2: {"state": "AVAILABLE", "error_code": 0, "error_message": "OK"}}, status

metadata = client.get_model_metadata(model_name="digits")
assert metadata["model_version"] == 2, metadata
assert metadata["inputs"] == {"image": {"shape": [-1, 8, 8, 1], "dtype": "DT_FLOAT"}}, metadata
assert metadata["outputs"]["probabilities"] == {"shape": [-1, 10], "dtype": "DT_FLOAT"}, metadata
assert metadata["outputs"]["digit"] == {"shape": [-1], "dtype": "DT_INT64"}, metadata

pixels = numpy.asarray(Image.open(file).convert("L").resize((8, 8), Image.Resampling.BOX), dtype=numpy.float32)
for inputs in (pixels.reshape(1, 8, 8, 1), pixels.reshape(1, 8, 8, 1).tolist()):
    answer = client.predict(inputs={"image": inputs}, model_name="digits")
    assert answer["digit"].tolist() == [3], answer
    assert abs(answer["probabilities"].sum() - 1) < 1e-5, answer

try:
    client.get_model_status(model_name="nobody")
except ovmsclient.tfs_compat.base.errors.ModelNotFoundError as error:
    assert "Model with requested name is not found" in str(error), error
else:
    sys.exit("an unknown model was found")

try:
    client.predict(inputs={"image": pixels}, model_name="digits")
except ovmsclient.tfs_compat.base.errors.InvalidInputError as error:
    assert "Invalid number of shape dimensions" in str(error), error
else:
    sys.exit("a wrong shape was taken")

print("all answers are right")
