// A bare grpc-js server: answers each message with its own bytes. What any server over grpc-js pays, and nothing else.
import { type handleUnaryCall, Server, ServerCredentials } from '@grpc/grpc-js';

const identity = (bytes: Buffer) => bytes;
const echo: handleUnaryCall<Buffer, Buffer> = (call, callback) => callback(null, call.request);
const largest = 1024 ** 3;
const server = new Server({
  'grpc.max_receive_message_length': largest,
  'grpc.max_send_message_length': largest,
});
const definition = {
  path: '/tensorflow.serving.PredictionService/Predict',
  requestStream: false,
  responseStream: false,
  requestSerialize: identity,
  requestDeserialize: identity,
  responseSerialize: identity,
  responseDeserialize: identity,
};
server.addService({ echo: definition }, { echo });
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.stdout.write(`${port}\n`);
});
