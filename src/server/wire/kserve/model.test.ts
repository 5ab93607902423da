import assert from 'node:assert/strict';
import { test } from 'node:test';
import { protoType } from '../../../../test/support/proto-type.ts';
import type { Dimension, TensorInfo } from '../../model/signature.ts';
import { datatype, precisionOf } from './datatype.ts';
import { decodeModelReference, encodeModelMetadataResponse, encodeModelReadyResponse } from './model.ts';
import { parseVersion } from './model-version.ts';
import { encodeServerMetadataResponse } from './server.ts';

const file = 'grpc_predict_v2.proto';
const size = (min: number, max = min): Dimension => ({ min, max });
const info = (name: string, over: Partial<TensorInfo> = {}): TensorInfo => ({
  name,
  precision: 'FP32',
  shape: [],
  layout: '...',
  ...over,
});

test('metadata: sizes that are not fixed, ranges among them, are -1; a rank that is open has none', () => {
  const inputs = [
    info('b', { shape: [size(0, Number.POSITIVE_INFINITY), size(1, 5), size(3)] }),
    info('c', { precision: 'STRING', shape: [size(1)] }),
  ];
  const outputs = [info('a'), info('d', { precision: 'I64', shape: undefined })];
  const bytes = encodeModelMetadataResponse('m', [1, 12], { inputs, outputs });
  assert.deepEqual(protoType(file, 'inference.ModelMetadataResponse').decode(bytes), {
    name: 'm',
    versions: ['1', '12'],
    platform: 'OpenVINO',
    inputs: [
      { name: 'b', datatype: 'FP32', shape: ['-1', '-1', '3'] },
      { name: 'c', datatype: 'BYTES', shape: ['1'] },
    ],
    outputs: [
      { name: 'a', datatype: 'FP32' },
      { name: 'd', datatype: 'INT64' },
    ],
  });
});

test('ready or not, and what the server is', () => {
  const ready = protoType(file, 'inference.ModelReadyResponse');
  for (const is of [true, false]) assert.deepEqual(ready.decode(encodeModelReadyResponse(is)), { ready: is });
  assert.deepEqual(protoType(file, 'inference.ServerMetadataResponse').decode(encodeServerMetadataResponse('1.2.3')), {
    name: 'OpenVINO Model Server',
    version: '1.2.3',
    extensions: ['sequence'],
  });
});

test('what is asked about', () => {
  const request = protoType(file, 'inference.ModelReadyRequest');
  assert.deepEqual(decodeModelReference(request.encode({ name: 'm', version: 'x' })), { name: 'm', version: 'x' });
  assert.deepEqual(decodeModelReference(request.encode({})), { name: '', version: '' });
});

const versions: [text: string, version: number | undefined | 'refused'][] = [
  ['', undefined],
  ['0', 0],
  ['12', 12],
  ['007', 7],
  ['-1', -1],
  ['9223372036854775807', 2 ** 63],
  ['99999999999999999999', 'refused'],
  ['1.0', 'refused'],
  ['1a', 'refused'],
  [' 1', 'refused'],
  ['stable', 'refused'],
];

for (const [text, version] of versions) {
  test(`version ${JSON.stringify(text)}: ${version}`, () => {
    if (version !== 'refused') return assert.equal(parseVersion(text), version);
    const message = 'invalid model version format in request';
    assert.throws(() => parseVersion(text), { code: 'invalid-argument', message });
  });
}

test('every element type has a name, and the name stands for it alone', () => {
  for (const [precision, name] of Object.entries(datatype)) assert.equal(precisionOf(name), precision);
  for (const name of ['I32', 'STRING', 'U8', 'fp32', '', 'toString']) assert.equal(precisionOf(name), undefined);
});
