import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Clock } from './clock.ts';
import { createLog } from './log.ts';
import { troubleLog } from './trouble-log.ts';

function setUp() {
  const file = join(mkdtempSync(join(tmpdir(), 'trouble-')), 'log');
  const time = { now: 0 };
  const clock: Clock = { now: () => time.now, after: () => assert.fail('needs no timer') };
  return {
    time,
    trouble: troubleLog(createLog({ level: 'info', file }), clock),
    lines: () =>
      readFileSync(file, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
  };
}

test('tells all while it starts, then one trouble a minute and how many it kept to itself', () => {
  const { time, trouble, lines } = setUp();
  trouble.diag.warn('a setting');
  trouble.diag.error('another setting');
  trouble.limit();
  trouble.error(new Error('refused'));
  time.now = 59_999;
  trouble.error(new Error('refused again'));
  trouble.diag.warn('Dropped 7 spans');
  time.now = 60_000;
  trouble.error(new Error('still refused'));
  time.now = 120_000;
  trouble.diag.error('Exporter', 'gave up', { large: 'object' });
  assert.deepEqual(
    lines().map(({ level, msg, err, suppressed }) => [level, msg, err?.message, suppressed]),
    [
      ['warn', 'OpenTelemetry: a setting', undefined, undefined],
      ['warn', 'OpenTelemetry: another setting', undefined, undefined],
      ['warn', 'OpenTelemetry: an export failed', 'refused', undefined],
      ['warn', 'OpenTelemetry: an export failed', 'still refused', 2],
      ['warn', 'OpenTelemetry: Exporter gave up', undefined, undefined],
    ],
  );
});
