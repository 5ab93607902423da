import assert from 'node:assert/strict';
import { test } from 'node:test';
import { earlierRendering } from '../../../test/support/earlier-rendering.ts';
import { modelServer } from '../../../test/support/model-server.ts';
import { annotation } from '../api/names.ts';
import { keptTemplate, templateAnnotations } from './kept-template.ts';
import { podTemplate } from './pod-template.ts';

const now = podTemplate(modelServer(), 'server:1');

const before = earlierRendering(modelServer(), 'server:1');

const never = () => assert.fail('nobody is to be asked');

test('what was made from the same is kept, whatever it would be made into now', () => {
  assert.notEqual(before.revision, now.revision);
  assert.deepEqual(keptTemplate(now, templateAnnotations(before), never), before);
});

test('kept, it is annotated with the same words: nothing is written', () => {
  const annotations = templateAnnotations(before);
  assert.deepEqual(templateAnnotations(keptTemplate(now, annotations, never)), annotations);
});

const others: [what: string, annotations: Record<string, string> | undefined][] = [
  ['nothing is there', undefined],
  ['nothing is known of what was', {}],
  ['it is not in our words', { [annotation.template]: '{"template":' }],
  ['it is something else', { [annotation.template]: 'null' }],
  ['there is no template in it', { [annotation.template]: JSON.stringify({ inputs: now.inputs }) }],
  ['there are no inputs in it', { [annotation.template]: JSON.stringify({ template: before.template }) }],
  ['it has been edited', edited((text) => text.replace('"runAsNonRoot":true', '"runAsNonRoot":false'))],
  ['the resource says other things', templateAnnotations({ ...before, inputs: { ...now.inputs, spec: 'other' } })],
];

for (const [what, annotations] of others) {
  test(`the new rendering is taken where ${what}`, () => assert.equal(keptTemplate(now, annotations, never), now));
}

for (const [what, input] of [
  ['the image is another', { image: 'server:0' }],
  ['all pods are to be made anew', { generation: 0 }],
] as const) {
  test(`the new rendering is taken in its turn where ${what}`, () => {
    const annotations = templateAnnotations({ ...before, inputs: { ...now.inputs, ...input } });
    assert.equal(
      keptTemplate(now, annotations, () => true),
      now,
    );
    assert.equal(keptTemplate(now, annotations, () => false).revision, before.revision);
  });
}

test('where pods are the same anyway, there is no turn to wait for', () => {
  const annotations = templateAnnotations({ ...now, inputs: { ...now.inputs, generation: 0 } });
  assert.equal(keptTemplate(now, annotations, never), now);
});

test('a template that would fill the annotations is not remembered', () => {
  const env = Array.from({ length: 64 }, (_, i) => ({ name: `V${i}`, value: 'x'.repeat(4000) }));
  assert.deepEqual(templateAnnotations(podTemplate(modelServer({ env }), 'server:1')), {});
});

function edited(change: (text: string) => string): Record<string, string> {
  const text = templateAnnotations(before)[annotation.template]!;
  assert.notEqual(change(text), text);
  return { [annotation.template]: change(text) };
}
