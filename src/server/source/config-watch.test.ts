import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../../test/support/server.ts';
import { type Clock, systemClock } from '../../shared/clock.ts';
import { readConfig } from './config-watch.ts';

/** A clock on which time passes as `passing` says. */
function clockOf(passing: () => void): Clock & { waits: number } {
  return {
    waits: 0,
    now: () => systemClock.now(),
    after(_ms, callback) {
      this.waits++;
      passing();
      return systemClock.after(0, callback);
    },
  };
}

test('a file that someone is writing is read again, a few times', async (t) => {
  const path = join(temporaryFolder(t), 'config.json');
  const whole = JSON.stringify({ model_config_list: [{ config: { name: 'm', base_path: 'm' } }] });
  let written = 10;
  const write = () => writeFileSync(path, whole.slice(0, written));
  write();
  const clock = clockOf(() => {
    written = clock.waits === 1 ? 20 : whole.length;
    write();
  });
  const { parsed, text } = await readConfig(path, clock);
  assert.equal(clock.waits, 2);
  assert.equal(text, whole);
  assert.equal(parsed.problems, undefined);
});

test('but not for ever, and not if it is known already that it has problems', async (t) => {
  const path = join(temporaryFolder(t), 'config.json');
  writeFileSync(path, '{');
  const clock = clockOf(() => {});
  const { parsed, text } = await readConfig(path, clock);
  assert.equal(clock.waits, 2);
  assert.match(String(parsed.problems), /^config: The file is not valid json - /);
  await readConfig(path, clock, text);
  assert.equal(clock.waits, 2);
});
