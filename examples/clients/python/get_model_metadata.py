"""Prints a model's inputs and outputs: python get_model_metadata.py --grpc_port 9000 --model_name digits"""

from tensorflow.core.framework import types_pb2
from tensorflow_serving.apis import get_model_metadata_pb2

import client

arguments = client.flags(__doc__).parse_args()


def print_metadata(predictions, _):
    request = get_model_metadata_pb2.GetModelMetadataRequest(
        model_spec=client.model_spec(arguments), metadata_field=["signature_def"]
    )
    response = predictions.GetModelMetadata(request, timeout=10)
    print(f"{response.model_spec.name}, version {response.model_spec.version.value}")
    signatures = get_model_metadata_pb2.SignatureDefMap()
    response.metadata["signature_def"].Unpack(signatures)
    signature = signatures.signature_def["serving_default"]
    for kind, tensors in (("input", signature.inputs), ("output", signature.outputs)):
        for name, info in sorted(tensors.items()):
            sizes = ", ".join(str(dim.size) for dim in info.tensor_shape.dim)
            print(f"  {kind} {name}: {types_pb2.DataType.Name(info.dtype)} [{sizes}]")


client.run(arguments, print_metadata)
