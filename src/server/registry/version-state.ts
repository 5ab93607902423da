import type { VersionState } from '../model/version-status.ts';

/** Where a version stands, as the registry sees it. */
export type State = 'waiting' | 'loading' | 'failed' | 'available' | 'reloading' | 'draining' | 'retired';
export type StateEvent = 'begin' | 'loaded' | 'failed' | 'retire' | 'drained';

/**
 * A version that is loaded anew goes on serving meanwhile, and after, should that fail. One that is wanted again while its old
 * load still drains is loaded beside that. One whose files cannot be fetched has failed before its load began.
 */
const moves: Readonly<Record<State, Partial<Record<StateEvent, State>>>> = {
  waiting: { begin: 'loading', failed: 'failed', retire: 'retired' },
  loading: { loaded: 'available', failed: 'failed' },
  failed: { begin: 'loading', failed: 'failed', retire: 'retired' },
  available: { begin: 'reloading', failed: 'available', retire: 'draining' },
  reloading: { loaded: 'available', failed: 'available' },
  draining: { begin: 'loading', failed: 'failed', drained: 'retired' },
  retired: { begin: 'loading', failed: 'failed' },
};

const publicStates: Readonly<Record<State, VersionState>> = {
  waiting: 'START',
  loading: 'LOADING',
  failed: 'LOADING',
  available: 'AVAILABLE',
  reloading: 'AVAILABLE',
  draining: 'UNLOADING',
  retired: 'END',
};

/** @throws Error if the event cannot happen in that state: a fault of the registry, never of a model */
export function move(state: State, event: StateEvent): State {
  const next = moves[state][event];
  if (!next) throw new Error(`A version that is ${state} cannot be told "${event}"`);
  return next;
}

export function publicState(state: State): VersionState {
  return publicStates[state];
}

export function isServing(state: State): boolean {
  return state === 'available' || state === 'reloading';
}
