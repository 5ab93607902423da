import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { productionPackages } from '../../scripts/images/production-packages.ts';
import { temporaryFolder } from '../support/server.ts';

/** A project whose packages are given as folder → manifest; its one source file imports these. */
function project(t: TestContext, source: string, packages: Readonly<Record<string, object>>): string {
  const root = temporaryFolder(t);
  const files: [string, string][] = Object.entries(packages).map(([folder, manifest]) => [
    join(folder, 'package.json'),
    JSON.stringify(manifest),
  ]);
  for (const [file, text] of [...files, ['main.ts', source] as const]) {
    mkdirSync(join(root, dirname(file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return root;
}

test('what is imported comes with all that it needs, from where Node would take it', (t) => {
  const source = [
    "import { readFileSync } from 'node:fs';",
    "import a from 'a/part.js';",
    "import './own.ts';",
    "const b = await import('@scope/b');",
    "import type { C } from 'only-for-development';",
  ];
  const root = project(t, source.join('\n'), {
    '.': { dependencies: { a: '1', '@scope/b': '1', unused: '1' } },
    'node_modules/a': { dependencies: { shared: '2', '@types/node': '1' }, optionalDependencies: { absent: '1' } },
    'node_modules/a/node_modules/shared': {},
    'node_modules/@scope/b': { peerDependencies: { peer: '1', 'absent-peer': '1' } },
    'node_modules/@types/node': {},
    'node_modules/only-for-development': {},
    'node_modules/peer': { dependencies: { a: '1', shared: '1' } },
    'node_modules/shared': {},
    'node_modules/unused': {},
  });
  assert.deepEqual(productionPackages(root, ['main.ts']), [
    'node_modules/@scope/b',
    'node_modules/a',
    'node_modules/a/node_modules/shared',
    'node_modules/peer',
    'node_modules/shared',
  ]);
});

test('a package that is missing is named, with who needs it', (t) => {
  const packages = { '.': { dependencies: { a: '1' } }, 'node_modules/a': { dependencies: { gone: '1' } } };
  const root = project(t, "import 'a';", packages);
  assert.throws(() => productionPackages(root, ['main.ts']), /^Error: node_modules\/a needs gone: run npm ci$/);
});
