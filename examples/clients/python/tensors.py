"""numpy arrays as TensorProto and back, for the element types that the samples meet."""

import numpy
from tensorflow.core.framework import tensor_pb2, types_pb2

NUMPY = {
    types_pb2.DT_FLOAT: numpy.float32,
    types_pb2.DT_DOUBLE: numpy.float64,
    types_pb2.DT_HALF: numpy.float16,
    types_pb2.DT_INT8: numpy.int8,
    types_pb2.DT_INT16: numpy.int16,
    types_pb2.DT_INT32: numpy.int32,
    types_pb2.DT_INT64: numpy.int64,
    types_pb2.DT_UINT8: numpy.uint8,
    types_pb2.DT_UINT16: numpy.uint16,
    types_pb2.DT_UINT32: numpy.uint32,
    types_pb2.DT_UINT64: numpy.uint64,
}
TENSORFLOW = {numpy.dtype(array_type): data_type for data_type, array_type in NUMPY.items()}


def from_array(array):
    tensor = tensor_pb2.TensorProto(dtype=TENSORFLOW[array.dtype], tensor_content=array.tobytes())
    for size in array.shape:
        tensor.tensor_shape.dim.add(size=size)
    return tensor


def to_array(tensor):
    shape = [dim.size for dim in tensor.tensor_shape.dim]
    return numpy.frombuffer(tensor.tensor_content, NUMPY[tensor.dtype]).reshape(shape)
