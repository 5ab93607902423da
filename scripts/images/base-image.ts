import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { run } from './run.ts';

const suite = 'bookworm';
const packages = ['ca-certificates', 'libatomic1'];

/** What a program that serves has no use for; licences stay. */
const unneeded = [
  ...['var/lib/apt/lists/*', 'var/cache/apt/*', 'var/cache/debconf/*-old', 'var/log/*', 'tmp/*', 'dev/*'],
  ...['usr/share/man/*', 'usr/share/info/*', 'usr/share/locale/*', 'usr/share/i18n', 'usr/share/zoneinfo/right'],
];

/** A file system of a small Debian as a tar archive, made with debootstrap once and kept in the user's cache. Needs root. */
export function debianBase(): string {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'modelserver');
  const archive = join(cache, `debian-${suite}-${process.arch}-${packages.join('-')}.tar`);
  if (existsSync(archive)) return archive;
  console.error('Making a small Debian with debootstrap, once …');
  const work = `${archive}.${process.pid}`;
  const system = join(work, 'root');
  try {
    mkdirSync(system, { recursive: true });
    const mirror = process.env.DEBIAN_MIRROR ? [process.env.DEBIAN_MIRROR] : [];
    run('debootstrap', ['--variant=minbase', `--include=${packages.join(',')}`, suite, system, ...mirror]);
    run('sh', ['-c', `cd "$1" && rm -rf -- ${unneeded.join(' ')}`, 'sh', system]);
    run('sh', ['-c', 'cd "$1" && find usr/share/doc -type f ! -name copyright -delete', 'sh', system]);
    run('tar', [
      '--create',
      '--numeric-owner',
      '--sort=name',
      `--file=${join(work, 'base.tar')}`,
      `--directory=${system}`,
      '.',
    ]);
    mkdirSync(dirname(archive), { recursive: true });
    renameSync(join(work, 'base.tar'), archive);
    return archive;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
