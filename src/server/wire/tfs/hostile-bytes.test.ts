import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { predictRequest } from '../../../../test/support/arbitrary-predict-request.ts';
import { hostileBytes, payloadSize, refusedOr } from '../../../../test/support/hostile-bytes.ts';
import { stringField, varint, written } from '../../../../test/support/raw-message.ts';
import { decodeHealthCheckRequest } from '../health.ts';
import { decodePredictRequest as decodeWith } from './decode-predict-request.ts';
import { decodeGetModelMetadataRequest } from './get-model-metadata.ts';
import { decodeGetModelStatusRequest } from './get-model-status.ts';

const decodePredictRequest = (message: Uint8Array) => decodeWith(message, () => undefined);

const hostile = hostileBytes(predictRequest.map(written));

test('bytes of any kind are a request or the caller’s fault, and grow eightfold at most', () => {
  let taken = 0;
  let refused = 0;
  fc.assert(
    fc.property(hostile, (bytes) => {
      const request = refusedOr(decodePredictRequest, bytes);
      if (request) taken++;
      else refused++;
      for (const input of request?.inputs.values() ?? []) {
        assert.ok(payloadSize(input) <= bytes.length * 8);
        assert.ok(input.shape.length <= bytes.length / 2);
      }
    }),
    { numRuns: 3000 },
  );
  assert.ok(taken > 100 && refused > 100, `${taken} taken, ${refused} refused`);
});

test('very many values, pieces and names cost no more than their share', () => {
  const many = 4_000_000;
  const head = Buffer.from([0x0a, 0x01, 0x78]);
  const lengthOf = (bytes: Buffer) => varint(BigInt(bytes.length));
  const field = (tag: number, bytes: Buffer) => Buffer.concat([Buffer.of(tag), lengthOf(bytes), bytes]);
  const entry = (value: Buffer) => field(0x12, Buffer.concat([head, value]));
  const strings = Buffer.concat([Buffer.of(0x08, 0x07), Buffer.alloc(2 * many, Buffer.of(0x42, 0x00))]);
  const floats = Buffer.concat([Buffer.of(0x08, 0x01), Buffer.alloc(5 * many, Buffer.of(0x2d, 0, 0, 0, 0))]);
  const messages = [
    entry(field(0x12, strings)),
    entry(field(0x12, floats)),
    entry(Buffer.alloc(2 * many, Buffer.of(0x12, 0x00))),
    entry(field(0x12, Buffer.alloc(2 * many, Buffer.of(0x42, 0x00)))),
  ];
  for (const message of messages) {
    const before = process.memoryUsage.rss();
    const { payload } = decodePredictRequest(message).inputs.get('x')!;
    const grown = process.memoryUsage.rss() - before;
    assert.ok(grown < 20 * message.length, `${message.length} bytes became ${grown}`);
    assert.ok(payload.kind !== 'values' || payload.count === many);
  }
  const names = Buffer.alloc(2 * many, Buffer.of(0x1a, 0x00));
  const keys = Buffer.concat(Array.from({ length: 70_000 }, (_, i) => field(0x12, field(0x0a, Buffer.from(`${i}`)))));
  assert.throws(() => decodePredictRequest(names), /^ServingError: Too many names in output_filter/);
  assert.throws(() => decodePredictRequest(keys), /^ServingError: Too many inputs/);
});

test('so they are for the seldom messages', () => {
  fc.assert(
    fc.property(hostile, (bytes) => {
      refusedOr(decodeGetModelStatusRequest, bytes);
      refusedOr(decodeGetModelMetadataRequest, bytes);
      refusedOr(decodeHealthCheckRequest, bytes);
    }),
    { numRuns: 1500 },
  );
});

test('groups in groups without end are refused', () => {
  const invalid = { name: 'ServingError', code: 'invalid-argument', message: /^Malformed protobuf message/ };
  assert.throws(() => decodePredictRequest(Buffer.alloc(1_000_000, 0xa3)), invalid);
  assert.throws(() => decodePredictRequest(Buffer.alloc(100_000, 0x0b)), invalid);
});

test('strings that are not UTF-8 are refused, replacement characters that clients write are not', () => {
  const invalid = { name: 'ServingError', code: 'invalid-argument', message: /^Malformed protobuf message/ };
  const badUtf8 = ['ff', 'c080', 'eda080', 'f09f98', '61f09f98', 'f4908080', 'e282'];
  for (const hex of badUtf8) {
    const text = Buffer.from(hex, 'hex');
    const message = Buffer.concat([Buffer.of(0x1a, text.length), text]);
    assert.throws(() => decodePredictRequest(message), invalid, hex);
  }
  const good = ['\ufffd', '\ufeffa', '😀', 'größer', '\0'];
  const { outputFilter } = decodePredictRequest(written(good.map((text) => stringField(3, text))));
  assert.deepEqual(outputFilter, good);
});
