import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { debianBase } from './base-image.ts';
import { type Image, root } from './image.ts';
import { isInstalled, run } from './run.ts';

/** Builds an image from the Dockerfile and the stage, and writes its archive. */
export interface ImageTool {
  /** The base it builds on, for those who look whether an image is up to date. */
  readonly base: string;
  build(image: Image, buildArguments: Readonly<Record<string, string>>): void;
  close(): void;
}

/** @param name buildah, docker or podman. @param base an image's name; without it buildah makes a small Debian itself */
export function openImageTool(name: string, base: string | undefined): ImageTool {
  if (!['buildah', 'docker', 'podman'].includes(name))
    throw new Error(`IMAGE_TOOL is ${name}: use buildah, docker or podman.`);
  if (!isInstalled(name)) throw new Error(`${name} is not installed: ${installation(name)}`);
  if (name !== 'buildah') return daemonTool(name, base ?? 'docker.io/library/debian:12-slim');
  if (!base && !isInstalled('debootstrap'))
    throw new Error(`debootstrap is not installed: ${installation('debootstrap')}`);
  return buildahTool(base);
}

function installation(name: string): string {
  return `install the package ${name}, or set IMAGE_TOOL to docker or podman.`;
}

/** Needs no daemon and no privileges beyond root's: it works in a storage of its own, which goes afterwards. */
function buildahTool(base: string | undefined): ImageTool {
  const archive = base ? undefined : debianBase();
  const work = mkdtempSync(join(tmpdir(), 'modelserver-buildah-'));
  const environment = { BUILDAH_ISOLATION: 'chroot', STORAGE_DRIVER: 'vfs', TMPDIR: work };
  const buildah = (command: string, ...parameters: string[]) =>
    run('buildah', ['--root', join(work, 'storage'), '--runroot', join(work, 'run'), command, ...parameters], {
      environment,
    });
  const name = base ?? 'localhost/debian';
  if (archive) {
    const container = buildah('from', 'scratch').trim();
    buildah('add', container, archive, '/');
    buildah('config', '--env', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', container);
    buildah('commit', '--rm', '--disable-compression', container, name);
  }
  return {
    base: base ?? archive!,
    build(image, buildArguments) {
      const parameters = Object.entries({ ...buildArguments, BASE: name }).map(
        ([key, value]) => `--build-arg=${key}=${value}`,
      );
      buildah('build', '--format=oci', `--target=${image.target}`, `--tag=${image.reference}`, ...parameters, root);
      rmSync(image.archive, { force: true });
      mkdirSync(dirname(image.archive), { recursive: true });
      buildah('push', '--disable-compression', image.reference, `oci-archive:${image.archive}.tmp:${image.reference}`);
      renameSync(`${image.archive}.tmp`, image.archive);
    },
    close: () => rmSync(work, { recursive: true, force: true }),
  };
}

function daemonTool(name: string, base: string): ImageTool {
  return {
    base,
    build(image, buildArguments) {
      const parameters = Object.entries({ ...buildArguments, BASE: base }).map(
        ([key, value]) => `--build-arg=${key}=${value}`,
      );
      run(name, ['build', `--target=${image.target}`, `--tag=${image.reference}`, ...parameters, root]);
      mkdirSync(dirname(image.archive), { recursive: true });
      run(name, ['save', `--output=${image.archive}.tmp`, image.reference]);
      renameSync(`${image.archive}.tmp`, image.archive);
    },
    close() {},
  };
}
