"""Adds up two sequences side by side with ovmsclient, by the inputs of OpenVINO Model Server. Usage: ovmsclient_stateful_check.py grpc|http ADDRESS"""

import sys

import numpy
import ovmsclient

protocol, address = sys.argv[1:]
client = {"grpc": ovmsclient.make_grpc_client, "http": ovmsclient.make_http_client}[protocol](address)
start, end = 1, 2


def add(value, sequence=0, control=0):
    inputs = {
        "b": numpy.array([[value, 1]], numpy.float32),
        "sequence_id": numpy.array([sequence], numpy.uint64),
        "sequence_control_input": numpy.array([control], numpy.uint32),
    }
    answer = client.predict(inputs=inputs, model_name="accumulator")
    return int(answer["sequence_id"][0]), answer["a"].tolist()[0]


first, sums = add(10, control=start)
assert first > 0 and sums == [10, 1], (first, sums)
assert add(5, 42, start) == (42, [5, 1])
for i in range(2, 6):
    assert add(10, first) == (first, [10 * i, i])
    assert add(5, 42) == (42, [5 * i, i])
assert add(0, first, end) == (first, [50, 6])
try:
    add(0, first)
except ovmsclient.tfs_compat.base.errors.ModelServerError as error:
    assert "Sequence with provided ID does not exist" in str(error), error
else:
    sys.exit("an ended sequence went on")
assert add(0, 42, end) == (42, [25, 6])
print("all answers are right")
