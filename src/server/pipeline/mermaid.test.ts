import assert from 'node:assert/strict';
import { test } from 'node:test';
import { customNode, modelNode, pipeline } from '../../../test/support/pipeline-definition.ts';
import { drawPipeline } from './mermaid.ts';

test('a pipeline is drawn with its shards, also where something is missing', () => {
  const definition = pipeline(
    ['page'],
    [
      customNode('cut', 'l', { image: 'request.page', boxes: 'nobody.boxes' }, ['images'], { demultiply: 'dynamic' }),
      modelNode('read', 'digits', { b: 'cut.images' }, ['a'], {
        runs: { kind: 'model', model: 'digits', version: 2 },
      }),
      customNode('join', 'text', { a: 'read.a' }, ['text'], {
        gatherFrom: 'cut',
        when: { from: { node: 'read', item: 'score' }, comparison: 'at_least', value: 0.5 },
      }),
      modelNode('odd', 'x', {}, [], { runs: { kind: 'unsupported', type: 'a "type"' }, demultiply: 3 }),
    ],
    { text: 'join.text', image: 'cut.images', odd: 'odd.a' },
    { name: 'read page' },
  );
  assert.equal(
    drawPipeline(definition),
    `---
title: "read page"
---
flowchart LR
  n0(["request: page"])
  n1["cut: library l"]
  n2["read: model digits, version 2"]
  n3["join: library text, gathers from cut"]
  n4["odd: a #34;type#34;?"]
  n5(["response"])
  n0 -- "page → image" --> n1
  missing["nobody?"] -- "boxes" --> n1
  n1 == "images → b, any number" ==> n2
  n2 -- "a" --> n3
  n2 -. "score ≥ 0.5?" .-> n3
  n3 -- "text" --> n5
  n1 == "images → image, any number" ==> n5
  n4 == "a → odd, 3 shards" ==> n5
`,
  );
});
