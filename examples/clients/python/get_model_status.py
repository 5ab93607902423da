"""Prints the state of each version of a model: python get_model_status.py --grpc_port 9000 --model_name digits"""

from tensorflow.core.protobuf import error_codes_pb2
from tensorflow_serving.apis import get_model_status_pb2

import client

arguments = client.flags(__doc__).parse_args()


def print_status(_, models):
    request = get_model_status_pb2.GetModelStatusRequest(model_spec=client.model_spec(arguments))
    for version in models.GetModelStatus(request, timeout=10).model_version_status:
        state = get_model_status_pb2.ModelVersionStatus.State.Name(version.state)
        code = error_codes_pb2.Code.Name(version.status.error_code)
        print(f"version {version.version}: {state} {code} {version.status.error_message}")


client.run(arguments, print_status)
