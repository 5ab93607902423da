import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matches } from './matches.ts';

const same: readonly [what: string, wanted: unknown, live: unknown][] = [
  ['defaults beside it', { a: 1 }, { a: 1, b: 2 }],
  ['a number that may be a string', { port: 80 }, { port: '80' }],
  [
    'entries of others in a named list',
    { env: [{ name: 'A', value: '1' }] },
    { env: [{ name: 'B' }, { name: 'A', value: '1' }] },
  ],
  ['false, where it is left out', { spec: { paused: false } }, { spec: {} }],
  ['an empty text, where it is left out', { env: [{ name: 'A', value: '' }] }, { env: [{ name: 'A' }] }],
  ['null', { runAsNonRoot: null }, {}],
  ['an empty list', { tolerations: [] }, {}],
  ['an empty selector', { nodeSelector: {} }, {}],
  ['no limits', { resources: { limits: {} } }, { resources: {} }],
  ['thousandths', { limits: { cpu: '1000m' } }, { limits: { cpu: '1' } }],
  ['fractions', { requests: { cpu: '0.5', memory: '1.5Gi' } }, { requests: { cpu: '500m', memory: '1536Mi' } }],
  [
    'a number',
    { limits: { 'gpu.intel.com/i915': 1, memory: 1e9 } },
    { limits: { 'gpu.intel.com/i915': '1', memory: '1G' } },
  ],
  [
    'what an autoscaler aims at',
    { target: { type: 'AverageValue', averageValue: '1000m' } },
    { target: { type: 'AverageValue', averageValue: '1' } },
  ],
  ['the size of a folder', { emptyDir: { sizeLimit: '1024Mi' } }, { emptyDir: { sizeLimit: '1Gi' } }],
  [
    'entries that share what others are named by',
    {
      required: [
        { topologyKey: 'host', max: 1 },
        { topologyKey: 'host', max: 2 },
      ],
    },
    {
      required: [
        { topologyKey: 'host', max: 1 },
        { topologyKey: 'host', max: 2 },
      ],
    },
  ],
  [
    'two mounts of one volume',
    {
      m: [
        { name: 'v', mountPath: '/a' },
        { name: 'v', mountPath: '/b' },
      ],
    },
    {
      m: [
        { name: 'v', mountPath: '/b' },
        { name: 'v', mountPath: '/a' },
      ],
    },
  ],
];

const different: readonly [what: string, wanted: unknown, live: unknown][] = [
  ['another value', { a: 1 }, { a: 2 }],
  ['a value that is gone', { a: 1 }, {}],
  ['true', { spec: { paused: false } }, { spec: { paused: true } }],
  ['false, where it is not the default', { automountServiceAccountToken: false }, {}],
  ['a folder that is none any more', { name: 'tmp', emptyDir: {} }, { name: 'tmp', hostPath: { path: '/' } }],
  ['a list of another length', { args: ['a'] }, { args: ['a', 'b'] }],
  ['a key more in a selector', { selector: { a: '1' } }, { selector: { a: '1', b: '2' } }],
  ['another quantity', { limits: { cpu: '1000m' } }, { limits: { cpu: '2' } }],
  ['no limit any more', { limits: { cpu: '1' } }, { limits: {} }],
  ['a text that looks like a quantity', { env: [{ name: 'A', value: '1000m' }] }, { env: [{ name: 'A', value: '1' }] }],
  ['an entry that is gone', { env: [{ name: 'A', value: '1' }] }, { env: [] }],
  ['the order of a list of one piece', { required: [{ a: 1 }, { a: 2 }] }, { required: [{ a: 2 }, { a: 1 }] }],
];

for (const [what, wanted, live] of same) test(`as wanted: ${what}`, () => assert.equal(matches(wanted, live), true));
for (const [what, wanted, live] of different)
  test(`not as wanted: ${what}`, () => assert.equal(matches(wanted, live), false));

const plain: [what: string, wanted: unknown, live: unknown, matches: boolean][] = [
  ['the same', { a: 1 }, { a: 1 }, true],
  ['others have more', { a: { b: 1 } }, { a: { b: 1, c: 2 }, d: 3 }, true],
  ['another value', { a: 1 }, { a: 2 }, false],
  ['a field is gone', { a: { b: 1 } }, { a: {} }, false],
  ['all of it is gone', { a: { b: 1 } }, {}, false],
  ['an object for a value', { a: 1 }, { a: { b: 1 } }, false],
  ['a value for an object', { a: { b: 1 } }, { a: 'b' }, false],
  ['a list for an object', { a: { b: 1 } }, { a: [] }, false],
  ['an object for a list', { a: [1] }, { a: { 0: 1 } }, false],
  ['an empty list that is not kept', { a: [] }, {}, true],
  ['an empty list, and others have entries', { a: [] }, { a: [1] }, false],
  ['a number for its text', { a: '8080' }, { a: 8080 }, true],
  ['a boolean for its text', { a: true }, { a: 'true' }, false],
  ['0 for false', { a: false }, { a: 0 }, false],
  ['a list of values', [1, 2], [1, 2], true],
  ['in another order', [1, 2], [2, 1], false],
  ['with one more', [1, 2], [1, 2, 3], false],
  ['named entries in another order', [{ name: 'a' }, { name: 'b' }], [{ name: 'b' }, { name: 'a', c: 1 }], true],
  ['named entries, and one of others', [{ name: 'a' }], [{ name: 'z' }, { name: 'a' }], true],
  ['a named entry is gone', [{ name: 'a' }, { name: 'b' }], [{ name: 'a' }], false],
  ['a named entry is changed', [{ name: 'a', v: 1 }], [{ name: 'a', v: 2 }], false],
  [
    'mounts go by their paths',
    [
      { name: 'v', mountPath: '/a' },
      { name: 'v', mountPath: '/b' },
    ],
    [
      { name: 'v', mountPath: '/b' },
      { name: 'v', mountPath: '/a' },
    ],
    true,
  ],
  ['owners go by their uids', [{ name: 'x', uid: '1' }], [{ name: 'x', uid: '2' }], false],
  ['entries without names are of one piece', [{ v: 1 }], [{ v: 1 }, { v: 2 }], false],
  ['a selector', { selector: { app: 'a' } }, { selector: { app: 'a' } }, true],
  ['a selector with one key more', { selector: { app: 'a' } }, { selector: { app: 'a', b: 'c' } }, false],
  ['labels to match, with one more', { matchLabels: { app: 'a' } }, { matchLabels: { app: 'a', b: 'c' } }, false],
  ['labels, with one more', { labels: { app: 'a' } }, { labels: { app: 'a', b: 'c' } }, true],
];

for (const [what, wanted, live, expected] of plain) {
  test(`${expected ? 'as' : 'not as'} wanted: ${what}`, () => assert.equal(matches(wanted, live), expected));
}
