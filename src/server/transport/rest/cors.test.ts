import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CorsSettings, corsHeaders } from './cors.ts';

const all: CorsSettings = { allowCredentials: false, origins: ['*'], methods: '*', headers: '*' };
const some: CorsSettings = {
  allowCredentials: true,
  origins: ['https://a.example', 'https://b.example'],
  methods: 'GET, POST',
  headers: 'content-type',
};

const cases: readonly [
  name: string,
  settings: CorsSettings,
  origin: string | undefined,
  headers: Record<string, string>,
][] = [
  [
    'all sites may ask unless told otherwise',
    all,
    'https://a.example',
    {
      'access-control-allow-origin': '*',
      'access-control-allow-methods': '*',
      'access-control-allow-headers': '*',
    },
  ],
  [
    'a site of a list is told its own name',
    some,
    'https://b.example',
    {
      'access-control-allow-origin': 'https://b.example',
      vary: 'Origin',
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'content-type',
      'access-control-allow-credentials': 'true',
    },
  ],
  ['another site is told nothing', some, 'https://c.example', { vary: 'Origin' }],
  ['who is no page is told nothing', some, undefined, { vary: 'Origin' }],
];

for (const [name, settings, origin, headers] of cases) {
  test(name, () => assert.deepEqual(corsHeaders(settings, origin), headers));
}
