"""Sends zeros and prints the outputs: python predict.py --grpc_port 9000 --input_name image --shape 1,8,8,1"""

import numpy
from tensorflow_serving.apis import predict_pb2

import client
from tensors import from_array, to_array

parser = client.flags(__doc__)
parser.add_argument("--input_name", default="image")
parser.add_argument("--shape", default="1,8,8,1", help="sizes, with commas between them")
arguments = parser.parse_args()


def predict(predictions, _):
    shape = [int(size) for size in arguments.shape.split(",")]
    request = predict_pb2.PredictRequest(model_spec=client.model_spec(arguments))
    request.inputs[arguments.input_name].CopyFrom(from_array(numpy.zeros(shape, numpy.float32)))
    response = predictions.Predict(request, timeout=60)
    print(f"answered by version {response.model_spec.version.value}")
    for name, tensor in sorted(response.outputs.items()):
        values = to_array(tensor)
        sizes = ", ".join(str(size) for size in values.shape)
        print(f"{name} [{sizes}]: {' '.join(str(value) for value in values.flat)}")


client.run(arguments, predict)
