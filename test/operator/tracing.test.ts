import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterError } from '../../src/operator/cluster/cluster-error.ts';
import type { Span, TentativeSpan, Tracer } from '../../src/shared/span.ts';
import { eventually, isReady, TestOperator } from '../support/operator.ts';

/** What was sent of one look at a ModelServer: the spans below the first, and how it ended. */
interface Trace {
  readonly spans: string[];
  error?: unknown;
}

/** Keeps what would be sent, and counts what would not. */
class RecordingTracer implements Tracer {
  readonly sent: Trace[] = [];
  discarded = 0;

  root(): undefined {}
  server(): undefined {}

  tentative(): TentativeSpan {
    const result: Trace = { spans: [] };
    const span = (end: (error?: unknown) => void): Span => ({
      child: (name) => {
        result.spans.push(name);
        return span(() => {});
      },
      set: () => {},
      event: () => {},
      end,
      run: (body) => body(),
    });
    const send = (error?: unknown) => void this.sent.push(error === undefined ? result : { ...result, error });
    return { ...span(send), discard: () => void this.discarded++ };
  }
}

test('looks that find everything as it was leave no trace; those that write or fail do', async (t) => {
  const operator = new TestOperator();
  t.after(() => operator.stop());
  await operator.start();
  await operator.stopOperator();
  const tracer = new RecordingTracer();
  await operator.startOperator({ tracer });
  await operator.create('x');
  await operator.until('x', isReady);
  const all = tracer.sent.flatMap(({ spans }) => spans);
  for (const name of ['apply Deployment', 'apply status ModelServer', 'GetModelStatus'])
    assert.ok(all.includes(name), name);
  assert.ok(tracer.sent.every(({ spans }) => spans.some((name) => name.startsWith('apply'))));

  await new Promise((resolve) => setTimeout(resolve, 500));
  const [sent, discarded] = [tracer.sent.length, tracer.discarded];
  await new Promise((resolve) => setTimeout(resolve, 4_500));
  assert.equal(tracer.sent.length, sent);
  assert.ok(tracer.discarded >= discarded + 2, 'looks have been taken');

  operator.beforeWrite = () => {
    throw new ClusterError('unavailable', 'no answer');
  };
  await operator.edit('x', { replicas: 2 });
  await eventually(
    async () => tracer.sent.at(-1),
    (trace) => (trace?.error as Error | undefined)?.message === 'no answer',
  );
});
