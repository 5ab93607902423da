import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latestOnly } from '../model/version-policy.ts';
import type { WantedModel } from '../model/wanted.ts';
import type { Instance } from './instance.ts';
import { ReadinessLatch } from './readiness-latch.ts';
import { nothingServed, withModel } from './served.ts';

/** `a` is required, `b?` is not. */
function wanted(text: string): Map<string, WantedModel> {
  const models = text.split(' ').filter(Boolean);
  return new Map(
    models.map((word): [string, WantedModel] => {
      const name = word.replace('?', '');
      const options = { targetDevice: 'CPU', pluginConfig: {}, inferRequests: 0 };
      const required = name === word;
      return [
        name,
        { name, required, policy: latestOnly, labels: new Map(), options, repository: { state: 'unknown' } },
      ];
    }),
  );
}

function served(text: string) {
  return text
    .split(' ')
    .filter(Boolean)
    .reduce((all, name) => withModel(all, name, [{ name, version: 1 } as Instance], new Map()), nothingServed);
}

/** Steps in order: what is wanted, what is available, whether the server is ready. */
const cases: [what: string, ...steps: [wanted: string, available: string, isReady: boolean][]][] = [
  ['nothing is wanted', ['', '', true]],
  ['all that is required has to come first', ['a b', '', false], ['a b', 'a', false], ['a b', 'a b', true]],
  ['what is not required does not count', ['a b?', '', false], ['a b?', 'a', true], ['a b?', 'a b', true]],
  ['nothing is required', ['a? b?', '', true]],
  ['what is not required may be lost', ['a b?', 'a b', true], ['a b?', 'a', true]],
  ['what is added later may take its time', ['a', 'a', true], ['a b', 'a', true], ['a b', 'a b', true]],
  ['what is added before the server was ready counts', ['a', '', false], ['a b', 'a', false], ['a b', 'a b', true]],
  ['a required model is lost, and comes back', ['a', 'a', true], ['a', '', false], ['a', 'a', true]],
  ['what was added later is lost', ['a', 'a', true], ['a b', 'a b', true], ['a b', 'a', false]],
  ['what was removed and is added again is new', ['a b', 'a b', true], ['a', 'a', true], ['a b', 'a', true]],
  ['all models are replaced', ['a', 'a', true], ['b', '', true], ['b', 'b', true]],
  ['what was not required is from now on', ['a b?', 'a', true], ['a b', 'a', true]],
  ['what is lost is required no longer', ['a b', 'a b', true], ['a b', 'a', false], ['a b?', 'a', true]],
  ['what holds a start up is removed', ['a b', 'a', false], ['a', 'a', true]],
];

for (const [what, ...steps] of cases) {
  test(`ready or not: ${what}`, () => {
    const latch = new ReadinessLatch();
    assert.equal(latch.isReady, false);
    for (const [models, available, isReady] of steps) {
      latch.update(wanted(models), served(available));
      assert.equal(latch.isReady, isReady, `${models} wanted, ${available} available`);
    }
  });
}
