import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';

/**
 * Who may import whom: `folders` below src, and npm packages (a trailing `*` stands for any ending). A file belongs to the
 * longest folder that names it. Node's own modules are free for all but the pure folders.
 */
interface Rule {
  readonly folders: readonly string[];
  readonly packages?: readonly string[];
  readonly pure?: true;
}

const rules: Readonly<Record<string, Rule>> = {
  shared: { folders: [], packages: ['pino', '@opentelemetry/*'] },
  server: { folders: ['server', 'shared'] },
  'server/cli': { folders: [], pure: true },
  'server/model': { folders: [], pure: true },
  'server/engine': { folders: ['server/model'] },
  'server/engine/openvino': { folders: ['server/model', 'server/engine', 'shared'], packages: ['koffi'] },
  'server/engine/openvino-node': { folders: ['server/model', 'server/engine', 'shared'], packages: ['openvino-node'] },
  'server/config': { folders: ['server/model'] },
  'server/security': { folders: ['server/model'] },
  'server/source': { folders: ['server/model', 'server/config', 'server/security', 'shared'], packages: ['chokidar'] },
  'server/cloud': { folders: ['server/source', 'server/model', 'shared'] },
  'server/cloud/s3': { folders: ['server/cloud', 'server/model'], packages: ['@aws-sdk/client-s3'] },
  'server/cloud/gcs': { folders: ['server/cloud', 'server/model'], packages: ['@google-cloud/storage'] },
  'server/cloud/azure': {
    folders: ['server/cloud', 'server/model'],
    packages: ['@azure/storage-blob', '@azure/identity'],
  },
  'server/commands': { folders: ['server/config', 'server/engine'] },
  'server/control': {
    folders: ['server/model', 'server/config', 'server/source', 'server/registry'],
  },
  'server/registry': { folders: ['server/model', 'server/engine', 'shared'] },
  'server/image': { folders: ['server/model'], packages: ['sharp'] },
  'server/pipeline': {
    folders: ['server/model', 'server/engine', 'server/registry', 'server/sequence', 'server/observe', 'shared'],
  },
  'server/sequence': { folders: ['server/model', 'server/engine', 'shared'] },
  'server/dataplane': {
    folders: ['server/model', 'server/engine', 'server/registry', 'server/sequence', 'server/observe'],
  },
  'server/pipeline/nodes': { folders: ['server/model', 'server/image', 'server/pipeline'], pure: true },
  'server/pipeline/modules': { folders: ['server/model', 'server/pipeline', 'server/pipeline/nodes', 'shared'] },
  'server/wire': { folders: ['server/model'], packages: ['protobufjs'] },
  'server/warm-up': {
    folders: ['server/model', 'server/engine', 'server/sequence', 'server/dataplane', 'server/wire'],
  },
  'server/transport': {
    folders: ['server/dataplane', 'server/observe', 'server/wire', 'server/security', 'server/model', 'shared'],
  },
  'server/transport/grpc': {
    folders: [
      'server/transport',
      'server/dataplane',
      'server/observe',
      'server/wire',
      'server/security',
      'server/model',
      'shared',
    ],
    packages: ['@grpc/*', 'protobufjs/*'],
  },
  'server/transport/rest': {
    folders: [
      'server/transport',
      'server/dataplane',
      'server/observe',
      'server/wire',
      'server/security',
      'server/model',
      'shared',
    ],
    packages: ['fastify'],
  },
  'server/observe': { folders: ['server/model', 'shared'], packages: ['prom-client'] },
  operator: { folders: ['operator', 'shared'] },
  'operator/api': { folders: [], pure: true },
  'operator/desired': { folders: ['operator/api', 'operator/cluster', 'shared'], pure: true },
  'operator/cluster': { folders: [], pure: true },
  'operator/cluster/kube': { folders: ['operator/cluster', 'shared'], packages: ['@kubernetes/client-node'] },
  'operator/reconcile': {
    folders: ['operator/api', 'operator/cluster', 'operator/desired', 'operator/models', 'shared'],
  },
  'operator/models': { folders: ['operator/api', 'shared'] },
  'operator/models/grpc': { folders: ['operator/models', 'shared'], packages: ['@grpc/*'] },
  'operator/runtime': { folders: ['operator/cluster', 'shared'], packages: ['prom-client'] },
  'operator/controller': {
    packages: ['prom-client'],
    folders: [
      'operator/api',
      'operator/cluster',
      'operator/desired',
      'operator/reconcile',
      'operator/runtime',
      'shared',
    ],
  },
  'operator/convert': { folders: ['operator/api'], packages: ['yaml'] },
};

/** Files at the top of either side: only these see the environment, end the process or read the time; shared/ may too. */
const roots = ['server/main.ts', 'server/settings.ts', 'operator/main.ts', 'operator/settings.ts'];
const ambient = /\b(process\.(env|exit|on|once)|Date\.now|setTimeout|setInterval|Math\.random)\b/;
const importLine = /^\s*(?:import|export)\s(?:[^'"]*?\sfrom\s)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm;

test('the source keeps to its import rules', () => {
  const { problems, edges } = inspect(resolve(import.meta.dirname, '../src'));
  assert.deepEqual(problems, []);
  assert.ok(edges > 50, `only ${edges} imports were read`);
});

test('each planted fault is found', () => {
  const faults: [file: string, text: string, problem: RegExp][] = [
    ['server/model/a.ts', "import { b } from '../engine/engine.ts';", /server\/model .* may not import server\/engine/],
    ['server/model/b.ts', "import fs from 'node:fs';", /server\/model .* may not import node:fs/],
    ['server/engine/c.ts', "import koffi from 'koffi';", /server\/engine .* may not import koffi/],
    ['server/wire/d.ts', "export { e } from '../transport/grpc/server.ts';", /may not import server\/transport\/grpc/],
    ['server/registry/e.ts', "import {\n  scan,\n} from '../source/scan.ts';", /may not import server\/source/],
    ['server/source/f.ts', "const r = await import('../registry/lifecycle.ts');", /may not import server\/registry/],
    ['server/dataplane/g.ts', "import '../main.ts';", /may not import server/],
    ['server/registry/h.ts', 'const t = Date.now();', /uses Date\.now/],
    ['server/novel/i.ts', 'export const i = 1;', /server\/novel.* has no rule/],
    ['novel/j.ts', 'export const j = 1;', /novel.* has no rule/],
    ['server/transport/k.ts', "import type { Server } from '@grpc/grpc-js';", /may not import @grpc\/grpc-js/],
    [
      'server/transport/grpc/r.ts',
      "import { fastify } from 'fastify';",
      /server\/transport\/grpc .* may not import fastify/,
    ],
    ['server/transport/rest/s.ts', "import '../grpc/t.ts';", /may not import server\/transport\/grpc/],
    ['server/dataplane/u.ts', "import { Gauge } from 'prom-client';", /may not import prom-client/],
    ['shared/l.ts', "import { f } from './deep/../../server/model/error.ts';", /may not import server\/model/],
    ['server/wire/index.ts', 'export {};', /barrel/],
    ['operator/main.ts', "import '../server/wire/m.ts';", /operator .* may not import server\/wire/],
    ['operator/desired/n.ts', "import '../reconcile/o.ts';", /may not import operator\/reconcile/],
    ['operator/reconcile/p.ts', "import '@kubernetes/client-node';", /may not import @kubernetes\/client-node/],
    ['operator/novel/q.ts', 'export const q = 1;', /operator\/novel.* has no rule/],
  ];
  for (const [file, text, problem] of faults) {
    const root = mkdtempSync(join(tmpdir(), 'architecture-'));
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
    const { problems } = inspect(root);
    assert.equal(problems.length, 1, `${file}: ${problems}`);
    assert.match(problems[0]!, problem);
  }
});

function inspect(root: string): { problems: string[]; edges: number } {
  const problems: string[] = [];
  let edges = 0;
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  for (const file of files.toSorted()) {
    const isTest = file.endsWith('.test.ts');
    const folder = folderOf(file);
    const rule = rules[folder ?? ''];
    if (folder === undefined || rule === undefined || (isSide(folder) && !roots.includes(file) && !isTest)) {
      problems.push(`${file}: its folder has no rule`);
      continue;
    }
    if (file.endsWith('/index.ts')) problems.push(`${file}: no barrel files`);
    const text = readFileSync(join(root, file), 'utf8');
    const used = ambient.exec(text)?.[0];
    if (used && !isTest && folder !== 'shared' && !roots.includes(file)) {
      problems.push(`${file}: uses ${used}, which belongs to the composition root and shared`);
    }
    for (const match of text.matchAll(importLine)) {
      const target = (match[1] ?? match[2])!;
      edges++;
      if (!isTest && !mayImport(root, file, folder, rule, target)) {
        problems.push(`${folder} (${file}) may not import ${describe(root, file, target)}`);
      }
    }
  }
  return { problems, edges };
}

function mayImport(root: string, file: string, folder: string, rule: Rule, target: string): boolean {
  if (isBuiltin(target)) return !rule.pure;
  if (!target.startsWith('.')) {
    const packages = isSide(folder) ? ['*'] : (rule.packages ?? []);
    return packages.some((name) => (name.endsWith('*') ? target.startsWith(name.slice(0, -1)) : target === name));
  }
  const path = pathOf(root, file, target);
  const to = folderOf(path);
  if (to === undefined) return false;
  if (roots.includes(path)) return file === `${folder}/main.ts` && path.startsWith(`${folder}/`);
  if (isSide(folder)) return to.split('/')[0] === folder || to === 'shared';
  return to === folder || rule.folders.includes(to) || (to.startsWith(`${folder}/`) && folder.split('/').length > 2);
}

/** The two sides know nothing of each other; their roots know all of their own. */
function isSide(folder: string | undefined): boolean {
  return folder === 'server' || folder === 'operator';
}

function describe(root: string, file: string, target: string): string {
  if (!target.startsWith('.')) return target;
  return folderOf(pathOf(root, file, target)) ?? target;
}

function pathOf(root: string, file: string, target: string): string {
  return relative(root, resolve(root, dirname(file), target));
}

/** The longest folder with a rule that holds the file; folders inside a ruled one are its own rooms. */
function folderOf(path: string): string | undefined {
  const parts = dirname(path).split('/');
  if (isSide(parts[0]) && parts.length > 1 && !(`${parts[0]}/${parts[1]}` in rules)) return undefined;
  for (let depth = parts.length; depth > 0; depth--) {
    const folder = parts.slice(0, depth).join('/');
    if (folder in rules) return folder;
  }
  return undefined;
}
