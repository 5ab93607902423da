import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { protoType } from '../../../../test/support/proto-type.ts';
import { decodeAnswer, encodeRequest, largestAnswer } from './get-model-status.ts';

const file = 'tensorflow_serving/apis/get_model_status.proto';
const request = protoType(file, 'tensorflow.serving.GetModelStatusRequest');
const response = protoType(file, 'tensorflow.serving.GetModelStatusResponse');
const stateNumbers = { START: 10, LOADING: 20, AVAILABLE: 30, UNLOADING: 40, END: 50 } as const;
const status = (version: unknown, state: unknown, more: object = {}) => ({ version, state, ...more });
const encode = (...statuses: object[]) => Buffer.from(response.encode({ model_version_status: statuses }));

test('asks for a model by its name', () => {
  for (const name of ['m', 'größe', 'x'.repeat(63), 'y'.repeat(300), 'z'.repeat(20_000)]) {
    assert.deepEqual(request.decode(encodeRequest(name)), { model_spec: { name } });
  }
});

test('reads what protobufjs writes', () => {
  const version = fc.record({
    version: fc.oneof(fc.nat(), fc.maxSafeNat()),
    state: fc.constantFrom(...(Object.keys(stateNumbers) as (keyof typeof stateNumbers)[])),
    code: fc.constantFrom(['OK', 0] as const, ['UNKNOWN', 2] as const, ['UNAUTHENTICATED', 16] as const),
    message: fc.string({ unit: 'grapheme', maxLength: 100 }),
  });
  fc.assert(
    fc.property(fc.array(version), (versions) => {
      const written = versions.map(({ version, state, code, message }) =>
        status(version, stateNumbers[state], { status: { error_code: code[1], error_message: message } }),
      );
      assert.deepEqual(
        decodeAnswer(encode(...written)),
        versions.map(({ version, state, code, message }) => ({
          version,
          state,
          errorCode: code[0],
          errorMessage: code[0] === 'OK' ? '' : message,
        })),
      );
    }),
  );
});

test('takes what newer servers may add, and what is left out', () => {
  const loading = { version: 7, state: 'LOADING', errorCode: 'OK', errorMessage: '' };
  // A varint, 8 bytes, a text and 4 bytes in the fields 4 to 7.
  const added = [0x20, 1, 0x29, 0, 0, 0, 0, 0, 0, 0, 0, 0x32, 1, 0x78, 0x3d, 0, 0, 0, 0];
  const cases: [bytes: number[], answer: unknown][] = [
    [[], []],
    [added, []],
    [[0x0a, 4, 0x08, 7, 0x10, 20], [loading]],
    [[...added, 0x0a, 4 + added.length, 0x08, 7, ...added, 0x10, 20], [loading]],
    [[0x0a, 8, 0x08, 7, 0x10, 20, 0x1a, 2, 0x08, 99], [{ ...loading, errorCode: '99' }]],
  ];
  for (const [bytes, answer] of cases) assert.deepEqual(decodeAnswer(Buffer.from(bytes)), answer);
});

test('keeps messages short, without a half character', () => {
  const long = (message: string) =>
    decodeAnswer(encode(status(1, 20, { status: { error_code: 2, error_message: message } })))[0]!.errorMessage;
  assert.equal(long('é'.repeat(512)), 'é'.repeat(512));
  assert.equal(long('é'.repeat(100_000)), `${'é'.repeat(511)}…`);
  assert.equal(long(`a${'😀'.repeat(300)}`), `a${'😀'.repeat(255)}…`);
  assert.equal(long('😀'.repeat(300)), `${'😀'.repeat(255)}\ufffd…`);
});

test('says what it cannot use', () => {
  const cases: [bytes: Buffer, message: RegExp][] = [
    [Buffer.from([0x0a, 0x7f, 1]), /malformed/],
    [Buffer.from([0x0b]), /malformed/],
    [Buffer.from([0x00, 1]), /malformed/],
    [Buffer.from([0x08, 1]), /malformed/],
    [Buffer.from([0x0a, 2, 0x0a, 0]), /malformed/],
    [Buffer.alloc(20, 0xff), /malformed/],
    [encode(status('9007199254740992', 30)), /a version that is too large/],
    [encode(status(-1, 30)), /a version that is too large/],
    [encode(status(3, 60)), /version 3 in the unknown state 60/],
    [encode(status(3, 0)), /version 3 in the unknown state 0/],
    [encode(...Array.from({ length: 4097 }, (_, i) => status(i, 30))), /more than 4096 versions/],
  ];
  for (const [bytes, message] of cases) assert.throws(() => decodeAnswer(bytes), { name: 'Error', message });
});

test('whatever the bytes are, it is an answer or none, soon', () => {
  const good = encode(status(1, 30), status(2, 20, { status: { error_code: 2, error_message: 'no' } }));
  const changed = fc
    .tuple(fc.nat(good.length - 1), fc.uint8Array({ maxLength: 4 }))
    .map(([at, bytes]) => Buffer.concat([good.subarray(0, at), bytes, good.subarray(at + bytes.length)]));
  const random = fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(fc.oneof(changed, random), (bytes) => {
      try {
        for (const { version } of decodeAnswer(bytes)) assert.ok(Number.isSafeInteger(version));
      } catch (error) {
        assert.match((error as Error).message, /^the answer /);
      }
    }),
    { numRuns: 2000 },
  );
  for (const filling of [
    [0x0a, 0],
    [0x12, 0],
    [0x20, 1],
  ]) {
    const begin = performance.now();
    try {
      decodeAnswer(Buffer.alloc(largestAnswer, Buffer.from(filling)));
    } catch {}
    assert.ok(performance.now() - begin < 500);
  }
});
