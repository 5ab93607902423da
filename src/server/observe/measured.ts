import type { CallContext } from './call-context.ts';
import type { Endpoint } from './endpoint.ts';
import type { Meters } from './meter.ts';

type Method<Message, Answer> = (message: Message, call: CallContext) => Answer | Promise<Answer>;

/** The same method, which tells the call's meter how each call ends. A method that nobody measures stays as it is. */
export function measured<Message, Answer>(
  endpoint: Endpoint,
  meters: Meters,
  method: Method<Message, Answer>,
): Method<Message, Answer> {
  const fail = (error: unknown, call: CallContext): never => {
    call.meter?.failed(endpoint);
    meters.refused(endpoint, error);
    throw error;
  };
  return (message, call) => {
    const begin = performance.now();
    let answer: Answer | Promise<Answer>;
    try {
      answer = method(message, call);
    } catch (error) {
      return fail(error, call);
    }
    if (answer instanceof Promise) {
      return answer.then(
        (ready) => {
          call.meter?.answered(endpoint, performance.now() - begin);
          return ready;
        },
        (error) => fail(error, call),
      );
    }
    call.meter?.answered(endpoint, performance.now() - begin);
    return answer;
  };
}
