"""What the sample clients share: their flags, a connection to the server, and how a refusal is printed."""

import argparse
import sys

import grpc
from tensorflow_serving.apis import model_pb2, model_service_pb2_grpc, prediction_service_pb2_grpc

UNLIMITED = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]


def flags(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--grpc_address", default="localhost")
    parser.add_argument("--grpc_port", type=int, default=9000)
    parser.add_argument("--model_name", default="digits")
    parser.add_argument("--model_version", type=int, help="the server's default version unless given")
    return parser


def model_spec(arguments):
    spec = model_pb2.ModelSpec(name=arguments.model_name)
    if arguments.model_version is not None:
        spec.version.value = arguments.model_version
    return spec


def run(arguments, body):
    """Calls body(prediction_service, model_service); ends with 1 and one line if the server refuses or cannot be reached."""
    with grpc.insecure_channel(f"{arguments.grpc_address}:{arguments.grpc_port}", options=UNLIMITED) as channel:
        try:
            body(
                prediction_service_pb2_grpc.PredictionServiceStub(channel),
                model_service_pb2_grpc.ModelServiceStub(channel),
            )
        except grpc.RpcError as error:
            what = "cannot answer" if error.code() == grpc.StatusCode.UNAVAILABLE else "refused"
            sys.exit(f"The server {what}: {error.details()} (gRPC code {error.code().value[0]})")
