import type { Span } from './span.ts';

/**
 * Runs an inference with a span for the wait and one for the work.
 * @param span that they are in
 * @param infer is given what tells that the work begins
 */
export async function inferTraced<T>(span: Span, infer: (onStart: () => void) => T | Promise<T>): Promise<T> {
  let stage = span.child('queue wait');
  try {
    const inference = await infer(() => {
      stage.end();
      stage = span.child('inference');
    });
    stage.end();
    return inference;
  } catch (error) {
    stage.end(error);
    throw error;
  }
}
