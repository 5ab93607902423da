import type { Condition } from '../api/conditions.ts';
import type { ModelServer, ModelServerStatus } from '../api/model-server.ts';

/** Something worth an event on a ModelServer. */
export interface Announcement {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  /** What the operator was about. */
  readonly action: string;
  readonly note: string;
}

/** Where announcements go; never fails, never waits. */
export type Announce = (about: ModelServer, announcement: Announcement) => void;

/** What of a change of the status is news: a new reason, not a new count; and that another version serves. */
export function announcements(before: ModelServerStatus | undefined, after: ModelServerStatus): Announcement[] {
  const reasonBefore = find(before, 'Ready')?.reason;
  const ready = find(after, 'Ready')!;
  const degraded = find(after, 'Degraded')!;
  const news: Announcement[] = [];
  if (ready.reason !== reasonBefore) {
    const type = find(after, 'Stalled') ? 'Warning' : 'Normal';
    news.push({ type, reason: ready.reason, action: 'Reconcile', note: ready.message });
  }
  // What is wrong although all that is required serves.
  const isNew = degraded.status === 'True' && find(before, 'Degraded')?.reason !== degraded.reason;
  if (isNew && degraded.reason !== ready.reason) {
    news.push({ type: 'Warning', reason: degraded.reason, action: 'Reconcile', note: degraded.message });
  }
  for (const { name, servingVersion: version } of after.models ?? []) {
    const old = before?.models?.find((model) => model.name === name)?.servingVersion;
    if (old === undefined || version === undefined || old === version) continue;
    const note = `model ${name}: version ${version} serves, where version ${old} did`;
    news.push({ type: 'Normal', reason: 'VersionServed', action: 'Reconcile', note });
  }
  return news;
}

function find(status: ModelServerStatus | undefined, type: Condition['type']) {
  return status?.conditions?.find((condition) => condition.type === type);
}
