import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { captureLog } from '../../../test/support/captured-log.ts';
import { eventually, temporaryFolder } from '../../../test/support/server.ts';
import { systemClock } from '../../shared/clock.ts';
import { WatchedFiles } from './watched-files.ts';

const pollMs = 25;

/** Two files that fit if they say the same. */
async function watch(t: TestContext, write: (folder: string) => void = (folder) => writeBoth(folder, 'first')) {
  const folder = temporaryFolder(t);
  write(folder);
  const captured = captureLog();
  const taken: string[] = [];
  const watched = await WatchedFiles.start<string>({
    ...{ clock: systemClock, log: captured.log, pollMs, settleMs: 0, mode: 'auto' },
    what: 'pair',
    paths: [join(folder, 'a'), join(folder, 'b')],
    read: ([a, b]) => {
      if (!a!.bytes.equals(b!.bytes)) throw new Error(`${a!.bytes} is not ${b!.bytes}`);
      return a!.bytes.toString();
    },
  });
  watched.subscribe((value) => taken.push(value));
  t.after(() => watched.stop());
  const comesToBe = (value: string) =>
    eventually(
      async () => watched.current,
      (current) => current === value,
    );
  const isRefused = (problem: RegExp) =>
    eventually(
      async () => watched.problem ?? '',
      (actual) => problem.test(actual),
    );
  return { folder, watched, taken, captured, comesToBe, isRefused };
}

function writeBoth(folder: string, text: string): void {
  for (const name of ['a', 'b']) writeFileSync(join(folder, name), text);
}

test('what is replaced is taken', async (t) => {
  const { folder, watched, taken, comesToBe } = await watch(t);
  assert.equal(watched.current, 'first');
  writeBoth(folder, 'second');
  await comesToBe('second');
  assert.deepEqual(taken, ['second']);
});

test('a half of a pair is told and not taken, until the other half comes', async (t) => {
  const { folder, watched, taken, captured, comesToBe, isRefused } = await watch(t);
  writeFileSync(join(folder, 'a'), 'second');
  await isRefused(/^second is not first$/);
  assert.equal(watched.current, 'first');
  writeFileSync(join(folder, 'b'), 'second');
  await comesToBe('second');
  assert.equal(watched.problem, undefined);
  assert.deepEqual(taken, ['second']);
  assert.deepEqual(captured.messages(), ['error: The pair cannot be used; what was in force stays so']);
});

test('files that are gone, and come back, are told once', async (t) => {
  const { folder, watched, captured, comesToBe, isRefused } = await watch(t);
  rmSync(join(folder, 'b'));
  await isRefused(/ENOENT/);
  assert.equal(watched.current, 'first');
  await new Promise((resolve) => setTimeout(resolve, 10 * pollMs));
  writeBoth(folder, 'third');
  await comesToBe('third');
  assert.equal(captured.lines.length, 1);
});

test('what comes back to what is in force is no problem any more', async (t) => {
  const { folder, isRefused, watched } = await watch(t);
  writeFileSync(join(folder, 'a'), 'torn');
  await isRefused(/torn/);
  writeFileSync(join(folder, 'a'), 'first');
  await eventually(
    async () => watched.problem,
    (problem) => problem === undefined,
  );
  assert.equal(watched.current, 'first');
});

test('a secret that Kubernetes mounts is taken when its link is swapped', async (t) => {
  const publish = (folder: string, text: string) => {
    mkdirSync(join(folder, `..${text}`));
    writeBoth(join(folder, `..${text}`), text);
    symlinkSync(`..${text}`, join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  };
  const { folder, taken, captured, comesToBe } = await watch(t, (mounted) => {
    publish(mounted, 'first');
    for (const name of ['a', 'b']) symlinkSync(`..data/${name}`, join(mounted, name));
  });
  for (const text of ['second', 'third', 'fourth']) {
    publish(folder, text);
    await comesToBe(text);
    rmSync(join(folder, `..${taken.at(-2) ?? 'first'}`), { recursive: true });
  }
  assert.deepEqual(taken, ['second', 'third', 'fourth']);
  assert.deepEqual(captured.messages(), []);
});

const unusable: readonly [what: string, write: (path: string) => void, problem: RegExp][] = [
  ['a folder', (path) => mkdirSync(path), /is not a file|EISDIR/],
  ['a pipe', (path) => execFileSync('mkfifo', [path]), /is not a file/],
  ['a file without end', (path) => writeEndless(path), /larger than 1048576 bytes/],
  ['a link to itself', (path) => symlinkSync('a', path), /ELOOP/],
  ['nothing', () => {}, /ENOENT/],
];

for (const [what, write, problem] of unusable) {
  test(`${what} in the place of a file keeps nobody waiting`, async (t) => {
    const both = (folder: string) => {
      write(join(folder, 'a'));
      writeFileSync(join(folder, 'b'), '');
    };
    await assert.rejects(watch(t, both), problem);
  });
}

/** As long as a file can be, of nothing. */
function writeEndless(path: string): void {
  writeFileSync(path, '');
  truncateSync(path, 2 ** 40);
}
