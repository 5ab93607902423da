import type { Answer, Dataplane } from '../../dataplane/dataplane.ts';
import type { InferRequest, UnreadRequest } from '../../model/inference.ts';
import type { CallContext } from '../../observe/call-context.ts';
import type { RestAnswer } from './routes.ts';

/** Runs a model, at once if it can, and writes the answer; the model is let go when that is done. */
export function infer(
  dataplane: Dataplane,
  request: InferRequest | UnreadRequest,
  call: CallContext,
  write: (answer: Answer) => RestAnswer,
): RestAnswer | Promise<RestAnswer> {
  const encode = (answer: Answer): RestAnswer => {
    const encoding = call.span?.child('encode');
    try {
      return write(answer);
    } finally {
      answer.release();
      encoding?.end();
    }
  };
  const answer = dataplane.infer(request, call);
  return answer instanceof Promise ? answer.then(encode) : encode(answer);
}

/** Reads a request, within a span of its own. */
export function decode<T>(call: CallContext, read: () => T): T {
  const decoding = call.span?.child('decode');
  try {
    const request = read();
    decoding?.end();
    return request;
  } catch (error) {
    decoding?.end(error);
    throw error;
  }
}
