import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { readToldLayouts, toldLayouts } from './told-layouts.ts';

const port = (names: string, layout: string) =>
  `<port id="0" precision="FP32" ${names}><dim>1</dim><rt_info><attribute name="layout" version="0" layout="${layout}"/></rt_info></port>`;

const cases: [what: string, xml: string, layouts: Record<string, string>][] = [
  ['nothing', '<net><port id="0" names="b"/></net>', {}],
  ['one', port('names="b"', '[N,C,H,W]'), { b: 'NCHW' }],
  ['an ellipsis and dimensions of no name', port('names="b"', '[N,?,...,C]'), { b: 'N?...C' }],
  ['several names of a tensor', port('names="b,b:0"', '[N,C]'), { b: 'NC', 'b:0': 'NC' }],
  ['names with commas and entities', port('names="b\\,1,&quot;a&amp;b&quot;"', '[N]'), { 'b,1': 'N', '"a&b"': 'N' }],
  ['several tensors', port('names="a"', '[N,C]') + port('names="b"', '[C]'), { a: 'NC', b: 'C' }],
  ['a tensor without a name', port('names="a"', '[N]') + port('', '[C]'), { a: 'N' }],
  ['what is no layout', port('names="a"', '[N,X1]'), {}],
  ['a file that is cut short', port('names="b"', '[N,C,H,W]').slice(0, 100), {}],
  ['a layout outside of a port', '<attribute name="layout" version="0" layout="[N]"/>', {}],
];

for (const [what, xml, layouts] of cases) {
  test(`an IR tells ${what}`, () => {
    assert.deepEqual(Object.fromEntries(toldLayouts(Buffer.from(xml))), layouts);
  });
}

test('files: those of an IR are read, others are not', async () => {
  const digits = join(import.meta.dirname, '../../../examples/digits/models/digits/1/digits.xml');
  assert.deepEqual(await readToldLayouts(digits), new Map([['image', 'NHWC']]));
  assert.deepEqual(await readToldLayouts('/nowhere/model.onnx'), new Map());
});
