import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRendering, renderExample, renderedExamples } from './rendering.ts';

for (const example of renderedExamples) {
  test(`what the operator makes of ${example} is what was read and committed`, () => {
    // After a change that is meant: node test/operator/render-examples.ts
    assert.equal(renderExample(example), readRendering(example));
  });
}
