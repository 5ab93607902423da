import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export type Target = 'server' | 'operator';
export const targets: readonly Target[] = ['server', 'operator'];

export const root = join(import.meta.dirname, '../..');
export const version: string = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;

export interface Image {
  readonly target: Target;
  /** The name it has where its archive is loaded. */
  readonly reference: string;
  /** Path of the OCI archive that `make images` writes. */
  readonly archive: string;
  /** What the repository puts into it; paths are the same in the image, below /opt/modelserver. */
  readonly sources: readonly string[];
}

const shared = ['src/shared', 'protos', 'package.json', 'LICENSE'];

export const images: Readonly<Record<Target, Image>> = {
  server: {
    target: 'server',
    reference: `localhost/modelserver:${version}`,
    archive: join(root, '.cache/images/server.tar'),
    sources: ['bin/modelserver', 'src/server', ...shared],
  },
  operator: {
    target: 'operator',
    reference: `localhost/modelserver-operator:${version}`,
    archive: join(root, '.cache/images/operator.tar'),
    sources: ['bin/modelserver-operator', 'src/operator', ...shared],
  },
};
