import assert from 'node:assert/strict';
import { test } from 'node:test';
import { images, type Target } from '../../scripts/images/image.ts';
import { layOutImage } from '../../scripts/images/stage.ts';

const table: readonly [Target, { has: readonly string[]; lacks: readonly string[] }][] = [
  [
    'server',
    {
      has: [
        ...['bin/modelserver', 'package.json', 'LICENSE', 'src/server/main.ts', 'src/shared/log.ts'],
        ...['src/server/engine/openvino/runtime-requirements.txt', 'protos/grpc/health/v1/health.proto'],
        ...['node_modules/koffi/package.json', 'node_modules/@grpc/grpc-js/LICENSE', 'node_modules/sharp/package.json'],
      ],
      lacks: ['bin/modelserver-operator', 'src/operator/main.ts', 'node_modules/@kubernetes/client-node/package.json'],
    },
  ],
  [
    'operator',
    {
      has: [
        ...['bin/modelserver-operator', 'src/operator/main.ts', 'src/shared/log.ts'],
        ...['node_modules/@kubernetes/client-node/package.json', 'node_modules/prom-client/package.json'],
      ],
      lacks: ['src/server/main.ts', 'node_modules/koffi/package.json', 'node_modules/sharp/package.json'],
    },
  ],
];

for (const [target, { has, lacks }] of table) {
  test(`the ${target}'s image has what it runs and nothing else`, () => {
    const paths = [...layOutImage(images[target]).keys()];
    assert.deepEqual(
      has.filter((path) => !paths.includes(`${target}/${path}`)),
      [],
    );
    assert.deepEqual(
      lacks.filter((path) => paths.includes(`${target}/${path}`)),
      [],
    );
    const packages = `${target}/node_modules/`;
    const superfluous = paths.filter(
      (path) =>
        path.endsWith('.test.ts') ||
        /\/node_modules\/(node|typescript|fast-check|@biomejs|@types)\//.test(path) ||
        (path.startsWith(packages) && /\.(ts|map)$/.test(path)),
    );
    assert.deepEqual(superfluous, []);
  });
}
