import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { modelInferRequest } from '../../../../test/support/arbitrary-model-infer-request.ts';
import { hostileBytes, payloadSize, refusedOr } from '../../../../test/support/hostile-bytes.ts';
import { varint, written } from '../../../../test/support/raw-message.ts';
import { decodeModelInferRequest as decodeWith, requestIdOf } from './decode-model-infer-request.ts';
import { decodeModelReference } from './model.ts';
import { decodeRepositoryIndexRequest } from './repository-index.ts';

const decodeModelInferRequest = (message: Uint8Array) => decodeWith(message, () => undefined);
const hostile = hostileBytes(modelInferRequest.map(written));

test('bytes of any kind are a request or the caller’s fault, and grow eightfold at most', () => {
  let taken = 0;
  let refused = 0;
  fc.assert(
    fc.property(hostile, (bytes) => {
      const request = refusedOr(decodeModelInferRequest, bytes);
      if (request) taken++;
      else refused++;
      for (const input of request?.inputs.values() ?? []) {
        assert.ok(payloadSize(input) <= bytes.length * 8);
        assert.ok(input.shape.length <= bytes.length);
      }
      assert.equal(typeof requestIdOf(bytes), 'string');
    }),
    { numRuns: 3000 },
  );
  assert.ok(taken > 100 && refused > 100, `${taken} taken, ${refused} refused`);
});

test('so they are for the seldom messages', () => {
  fc.assert(
    fc.property(hostile, (bytes) => {
      refusedOr(decodeModelReference, bytes);
      refusedOr(decodeRepositoryIndexRequest, bytes);
    }),
    { numRuns: 1500 },
  );
});

test('very many values and pieces cost no more than their share', () => {
  const many = 4_000_000;
  const field = (tag: number, bytes: Buffer) => Buffer.concat([Buffer.of(tag), varint(BigInt(bytes.length)), bytes]);
  const input = (datatype: string, contents: Buffer) =>
    field(0x2a, Buffer.concat([field(0x12, Buffer.from(datatype)), contents]));
  const messages = [
    input('BYTES', field(0x2a, Buffer.alloc(2 * many, Buffer.of(0x42, 0x00)))),
    input('FP32', field(0x2a, Buffer.alloc(5 * many, Buffer.of(0x35, 0, 0, 0, 0)))),
    input('INT64', field(0x2a, Buffer.alloc(2 * many, Buffer.of(0x18, 0)))),
    input('BOOL', Buffer.alloc(2 * many, Buffer.of(0x2a, 0x00))),
  ];
  for (const message of messages) {
    const before = process.memoryUsage.rss();
    const { payload } = decodeModelInferRequest(message).inputs.get('')!;
    const grown = process.memoryUsage.rss() - before;
    assert.ok(grown < 20 * message.length, `${message.length} bytes became ${grown}`);
    assert.ok(payload.kind !== 'values' || payload.count === many || payload.count === 0);
  }
});
