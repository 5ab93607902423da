import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toList } from '../../../test/support/to-list.ts';
import { packedSize, packStrings, unpackStrings } from './packed-strings.ts';
import { stringsOf } from './strings.ts';

const nothing = () => undefined;

test('strings of any bytes come back as they were packed', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), fc.nat(7), (list, at) => {
      const strings = stringsOf(list);
      const packed = Buffer.alloc(at + packedSize(strings));
      assert.equal(packStrings(strings, packed, at), packed.length);
      let taken = 0;
      const unpacked = unpackStrings(packed.subarray(at), 'b', (bytes) => {
        taken += bytes;
      });
      assert.deepEqual(
        toList(unpacked),
        list.map((bytes) => Buffer.from(bytes)),
      );
      assert.equal(taken, unpacked.ranges.byteLength);
    }),
  );
});

const wrong: [packed: string, refusal: string][] = [
  ['00', 'Processed bytes: 0 do not equal to buffer size: 1'],
  ['0100000061010000', 'Processed bytes: 5 do not equal to buffer size: 8'],
  ['0200000061', 'Batch length metadata exceeded buffer size, buffer size: 5, batch length: 2'],
  ['ffffffff', 'Batch length metadata exceeded buffer size, buffer size: 4, batch length: 4294967295'],
];

for (const [packed, refusal] of wrong) {
  test(`${packed} is refused: ${refusal}`, () => {
    assert.throws(() => unpackStrings(Buffer.from(packed, 'hex'), 'b', nothing), {
      name: 'ServingError',
      code: 'invalid-argument',
      message: `Invalid content size of tensor proto - ${refusal}; input name: b`,
    });
  });
}
