import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VersionState } from '../model/version-status.ts';
import { isServing, move, publicState, type State, type StateEvent } from './version-state.ts';

const events: readonly StateEvent[] = ['begin', 'loaded', 'failed', 'retire', 'drained'];

/** By columns as `events` has them; `-` cannot happen. */
const table: readonly [state: State, shown: VersionState, serves: boolean, next: string][] = [
  ['waiting', 'START', false, 'loading - failed retired -'],
  ['loading', 'LOADING', false, '- available failed - -'],
  ['failed', 'LOADING', false, 'loading - failed retired -'],
  ['available', 'AVAILABLE', true, 'reloading - available draining -'],
  ['reloading', 'AVAILABLE', true, '- available available - -'],
  ['draining', 'UNLOADING', false, 'loading - failed - retired'],
  ['retired', 'END', false, 'loading - failed - -'],
];

for (const [state, shown, serves, row] of table) {
  test(`${state} is shown as ${shown}, ${serves ? 'serves' : 'does not serve'}, and moves by its row`, () => {
    assert.equal(publicState(state), shown);
    assert.equal(isServing(state), serves);
    for (const [i, next] of row.split(' ').entries()) {
      const event = events[i]!;
      if (next !== '-') assert.equal(move(state, event), next, event);
      else assert.throws(() => move(state, event), new Error(`A version that is ${state} cannot be told "${event}"`));
    }
  });
}
