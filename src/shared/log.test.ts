import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLog } from './log.ts';

const folder = () => mkdtempSync(join(tmpdir(), 'log-'));

test('writes one JSON object a line, to a file that it makes and appends to, before the call returns', () => {
  const file = join(folder(), 'deep/er/server.log');
  createLog({ level: 'info', file }).info({ model: 'digits' }, 'Loaded');
  const log = createLog({ level: 'info', file });
  log.debug('not this');
  log.error({ err: new Error('gone', { cause: new Error('why') }) }, 'Failed');
  const [first, second, ...more] = readFileSync(file, 'utf8').trim().split('\n');
  const { time, ...rest } = JSON.parse(first!);
  assert.deepEqual(rest, { level: 'info', model: 'digits', msg: 'Loaded' });
  assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.match(JSON.parse(second!).err.stack, /gone.*why/s);
  assert.deepEqual(more, []);
});

test('asks for the fields of each line as it is written', () => {
  const file = join(folder(), 'log');
  let line = 0;
  const log = createLog({ level: 'info', file, fields: () => ({ line: ++line, level: 'overruled' }) });
  log.info({ own: 1 }, 'a');
  log.child({ part: 'b' }).warn('b');
  log.debug('not written, not asked');
  const lines = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text));
  assert.deepEqual(
    lines.map(({ line, own, part, msg }) => [line, own, part, msg]),
    [
      [1, 1, undefined, 'a'],
      [2, undefined, 'b', 'b'],
    ],
  );
});

test('a line that cannot be written harms nobody', { skip: !existsSync('/dev/full') && 'no /dev/full here' }, () => {
  const log = createLog({ level: 'info', file: '/dev/full' });
  for (let i = 0; i < 3; i++) log.info('lost');
});

test('a file that cannot be opened is told at once', () => {
  assert.throws(() => createLog({ level: 'info', file: folder() }), /EISDIR/);
});
