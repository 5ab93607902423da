import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Exposition } from './exposition.ts';

const histogram = (...lines: string[]) => ['# HELP h a', '# TYPE h histogram', ...lines, ''].join('\n');

test('samples are read by their labels, whatever their order', () => {
  const text =
    '# HELP a b\\nc\n# TYPE a gauge\na{x="1",y="q\\"\\\\\\n"} 2.5e3\na +Inf\n\n# HELP c d\n# TYPE c counter\n';
  const exposition = new Exposition(text);
  assert.equal(exposition.value('a', { y: 'q"\\\n', x: '1' }), 2500);
  assert.equal(exposition.value('a'), Number.POSITIVE_INFINITY);
  assert.equal(exposition.value('a', { x: '1' }), undefined);
  assert.equal(exposition.samples('a', { x: '1' }).length, 1);
  assert.deepEqual([...exposition.families.keys()], ['a', 'c']);
});

const faults: [what: string, text: string, problem: RegExp][] = [
  ['an end without a line break', '# HELP a b\n# TYPE a gauge\na 1', /does not end/],
  ['a sample without a type', 'a 1\n', /line 1: a sample before any type/],
  ['a type without a help', '# TYPE a gauge\na 1\n', /does not follow the help/],
  ['an empty help', '# HELP a \n# TYPE a gauge\n', /says nothing/],
  ['a family in two places', '# HELP a b\n# TYPE a gauge\n# HELP a b\n', /told already/],
  ['a sample of another metric', '# HELP a b\n# TYPE a gauge\nb 1\n', /not of the metric/],
  ['an unknown type', '# HELP a b\n# TYPE a meter\n', /no type/],
  ['a value that is none', '# HELP a b\n# TYPE a gauge\na undefined\n', /no number/],
  ['a quote that is not escaped', '# HELP a b\n# TYPE a gauge\na{x="""} 1\n', /no label/],
  ['a name of a label', '# HELP a b\n# TYPE a gauge\na{x-y="1"} 1\n', /no label/],
  ['a label twice', '# HELP a b\n# TYPE a gauge\na{x="1",x="2"} 1\n', /label comes twice/],
  ['a series twice', '# HELP a b\n# TYPE a gauge\na{x="1",y="2"} 1\na{y="2",x="1"} 1\n', /series comes twice/],
  ['a counter below 0', '# HELP a b\n# TYPE a counter\na -1\n', /below 0/],
  ['no +Inf', histogram('h_bucket{le="1"} 1', 'h_sum 1', 'h_count 1'), /not \+Inf/],
  ['a count of its own', histogram('h_bucket{le="+Inf"} 1', 'h_sum 1', 'h_count 2'), /does not hold all/],
  [
    'bounds in disorder',
    histogram('h_bucket{le="2"} 1', 'h_bucket{le="1"} 1', 'h_bucket{le="+Inf"} 1', 'h_sum 1', 'h_count 1'),
    /do not ascend/,
  ],
  [
    'buckets that are not cumulative',
    histogram('h_bucket{le="1"} 2', 'h_bucket{le="+Inf"} 1', 'h_sum 1', 'h_count 1'),
    /descend/,
  ],
  ['a missing sum', histogram('h_bucket{le="+Inf"} 1', 'h_count 1'), /without sum/],
];

for (const [what, text, problem] of faults) {
  test(`found: ${what}`, () => {
    assert.throws(() => new Exposition(text), problem);
  });
}
