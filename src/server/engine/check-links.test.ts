import assert from 'node:assert/strict';
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../../test/support/server.ts';
import { checkLinks } from './check-links.ts';

/** Folders end in `/`; links are written `path -> target`. Beside the repository `m` there is a file `secret`. */
const trees: readonly [what: string, entries: readonly string[], leadsOut?: RegExp][] = [
  ['files and folders', ['m/1/model.xml', 'm/1/variables/a']],
  ['a file of another version', ['m/2/model.bin', 'm/1/model.bin -> ../2/model.bin']],
  ['a version that is a link', ['m/releases/5/model.xml', 'm/1 -> releases/5']],
  ['a ConfigMap', ['m/..2026/1/model.xml', 'm/..data -> ..2026', 'm/1 -> ..data/1']],
  ['links round and round', ['m/1/model.xml', 'm/1/again -> .', 'm/1/up -> ..', 'm/1/self -> self']],
  ['a link to nothing', ['m/1/model.xml -> nowhere']],
  ['a file', ['m/1/model.xml -> ../../secret'], /1\/model\.xml leads to .*\/secret$/],
  ['an absolute link', ['m/1/model.xml -> /etc/hostname'], /1\/model\.xml leads to \/etc\/hostname$/],
  ['a version', ['other/model.xml', 'm/1 -> ../other'], /\/1 leads to .*\/other$/],
  ['a deep folder', ['m/1/a/b/ok', 'm/1/a/b/c -> /etc'], /1\/a\/b\/c leads to \/etc$/],
  ['a folder behind a link', ['m/shared/x -> /etc', 'm/1/a -> ../shared'], /1\/a\/x leads to \/etc$/],
  ['a folder whose name begins alike', ['m-other/x', 'm/1/x -> ../../m-other/x'], /leads to .*\/m-other\/x$/],
];

for (const [what, entries, leadsOut] of trees) {
  test(`${what}: ${leadsOut ? 'refused' : 'taken'}`, async (t) => {
    const folder = realpathSync(temporaryFolder(t));
    writeFileSync(join(folder, 'secret'), '');
    for (const entry of entries) {
      const [path, target] = entry.split(' -> ') as [string, string?];
      mkdirSync(join(folder, path, '..'), { recursive: true });
      if (target === undefined) writeFileSync(join(folder, path), '');
      else symlinkSync(target, join(folder, path));
    }
    symlinkSync('m', join(folder, 'published'));
    for (const repository of ['m', 'published']) {
      const checked = checkLinks(join(folder, repository, '1'));
      if (!leadsOut) await checked;
      else {
        await assert.rejects(checked, (error: Error) => {
          assert.match(error.message, leadsOut);
          assert.ok(
            error.message.startsWith(`A link leads out of the repository - Expected: links within ${folder}/m; `),
          );
          return true;
        });
      }
    }
  });
}
