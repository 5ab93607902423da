"""Reads a digit from an image: python predict_image.py --grpc_port 9000 --image ../../digits/images/7.png"""

import numpy
from PIL import Image
from tensorflow_serving.apis import predict_pb2

import client
from tensors import from_array, to_array

parser = client.flags(__doc__)
parser.add_argument("--image", required=True, metavar="FILE")
parser.add_argument("--input_name", default="image")
arguments = parser.parse_args()


def read_digit(file):
    """The image as the digits model takes it: 8 x 8 levels of grey, from 0 (ground) to 255 (stroke)."""
    grey = Image.open(file).convert("L").resize((8, 8), Image.Resampling.BOX)
    return numpy.asarray(grey, numpy.float32).reshape(1, 8, 8, 1)


def predict(predictions, _):
    request = predict_pb2.PredictRequest(model_spec=client.model_spec(arguments))
    request.inputs[arguments.input_name].CopyFrom(from_array(read_digit(arguments.image)))
    response = predictions.Predict(request, timeout=60)
    digit = int(to_array(response.outputs["digit"]).flat[0])
    certainty = to_array(response.outputs["probabilities"]).flat[digit]
    print(f"{digit} ({certainty * 100:.1f} %, version {response.model_spec.version.value})")


client.run(arguments, predict)
