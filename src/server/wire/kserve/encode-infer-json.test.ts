import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stringsOf } from '../../model/strings.ts';
import type { Tensor } from '../../model/tensor.ts';
import { encodeInferJson } from './encode-infer-json.ts';

const numbers: Tensor = { precision: 'I16', shape: [1, 2], data: new Uint8Array(Int16Array.of(-1, 258).buffer) };
const texts = (...values: readonly (string | Uint8Array)[]): Tensor => ({
  precision: 'STRING',
  shape: [values.length],
  strings: stringsOf(values.map((value) => Buffer.from(value))),
});

function encode(outputs: Readonly<Record<string, Tensor>>, binary: readonly string[], id = 'i"d') {
  const named = Object.entries(outputs).map(([name, tensor]) => ({ name, tensor }));
  const answer = encodeInferJson(
    { name: 'm', version: 3, id, outputs: named },
    (name) => binary.includes(name),
    () => {},
  );
  const body = answer.body instanceof Uint8Array ? Buffer.from(answer.body) : Buffer.concat([...answer.body]);
  const length = answer.headerLength ?? body.byteLength;
  return { json: JSON.parse(body.subarray(0, length).toString()), tail: body.subarray(length), ...answer };
}

test('an answer is JSON, elements in one array', () => {
  const { json, headerLength } = encode({ a: numbers, t: texts('ä"', '') }, []);
  assert.equal(headerLength, undefined);
  assert.deepEqual(json, {
    model_name: 'm',
    model_version: '3',
    id: 'i"d',
    outputs: [
      { name: 'a', shape: [1, 2], datatype: 'INT16', data: [-1, 258] },
      { name: 't', shape: [2], datatype: 'BYTES', data: ['ä"', ''] },
    ],
  });
  assert.equal('id' in encode({}, [], '').json, false);
});

test('outputs that are wanted as bytes stand behind the JSON, in their order', () => {
  const { json, tail } = encode({ t: texts(Uint8Array.of(255)), a: numbers, b: numbers }, ['t', 'b']);
  assert.deepEqual(json.outputs, [
    { name: 't', shape: [1], datatype: 'BYTES', parameters: { binary_data_size: 5 } },
    { name: 'a', shape: [1, 2], datatype: 'INT16', data: [-1, 258] },
    { name: 'b', shape: [1, 2], datatype: 'INT16', parameters: { binary_data_size: 4 } },
  ]);
  assert.equal(tail.toString('hex'), '01000000ff' + 'ffff0201');
});

test('what is no text is not given as one', () => {
  assert.throws(() => encode({ t: texts('a', Uint8Array.of(255)) }, []), {
    code: 'invalid-argument',
    message: /ask for it with "binary_data": true - .* output name: t$/,
  });
});
