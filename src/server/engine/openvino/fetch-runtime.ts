import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { cachedRuntime, findLibrary, openvinoVersion, type RuntimeSearch, runtimeMissing } from './runtime.ts';

/** Each platform's wheel; the libraries in it do not depend on the Python that it is made for. */
const platforms: Readonly<Record<string, string>> = {
  'linux-x64': 'manylinux_2_28_x86_64',
  'linux-arm64': 'manylinux_2_35_aarch64',
  'darwin-arm64': 'macosx_11_0_arm64',
};

const requirements = join(import.meta.dirname, 'runtime-requirements.txt');

/**
 * The path of OpenVINO's C library; unless it is there or its place was named, the runtime is fetched with pip into the cache,
 * where `findLibrary` finds it from then on.
 * @param say told in a line what is about to take a while
 * @param signal ends it, and nothing stays behind
 * @throws Error with one sentence: what went wrong and what to do about it
 */
export async function findOrFetchLibrary(
  search: RuntimeSearch,
  say: (line: string) => void,
  signal?: AbortSignal,
): Promise<string> {
  const library = findLibrary(search);
  if (library) return library;
  if (search.libraryDirectory) throw new Error(runtimeMissing(search));
  await fetchRuntime(search, say, signal);
  const fetched = findLibrary(search);
  if (!fetched) throw missing('the wheel holds no libopenvino_c');
  return fetched;
}

async function fetchRuntime(
  search: RuntimeSearch,
  say: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const platform = platforms[`${process.platform}-${process.arch}`];
  if (!platform) throw missing(`there is no OpenVINO wheel for ${process.platform} on ${process.arch}`);
  const root = dirname(cachedRuntime(search));
  const cache = dirname(root);
  try {
    await mkdir(cache, { recursive: true });
    await access(cache, constants.W_OK);
  } catch (error) {
    throw missing(
      `${cache} cannot be written (${(error as NodeJS.ErrnoException).code})`,
      'point XDG_CACHE_HOME elsewhere',
    );
  }
  say(`Fetching the OpenVINO ${openvinoVersion} runtime with pip, once …`);
  const work = await mkdtemp(`${root}.tmp-`);
  try {
    await download(platform, work, signal);
    const wheel = (await readdir(work)).find((name) => name.endsWith('.whl'));
    if (!wheel) throw missing('pip fetched no wheel');
    await python('unpacking the wheel', signal, '-m', 'zipfile', '-e', join(work, wheel), join(work, 'wheel'));
    await mkdir(join(work, 'runtime'));
    await rename(join(work, 'wheel/openvino/libs'), join(work, 'runtime/libs'));
    await place(join(work, 'runtime'), root, search);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Another process may have been quicker, and its folder is as good; unless it was left behind half done. */
async function place(folder: string, root: string, search: RuntimeSearch): Promise<void> {
  try {
    await rename(folder, root);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
    if (findLibrary(search)) return;
    await rm(root, { recursive: true, force: true });
    await rename(folder, root);
  }
}

async function download(platform: string, folder: string, signal: AbortSignal | undefined): Promise<void> {
  const options = ['--quiet', '--disable-pip-version-check', '--no-deps', '--require-hashes', '--only-binary', ':all:'];
  const target = ['--python-version', '3.11', '--implementation', 'cp', '--abi', 'cp311', '--platform', platform];
  const place = ['--dest', folder, '--requirement', requirements];
  await python('pip', signal, '-m', 'pip', 'download', ...options, ...target, ...place);
}

/** @param what names the step where it fails */
async function python(what: string, signal: AbortSignal | undefined, ...parameters: string[]): Promise<void> {
  try {
    await promisify(execFile)('python3', parameters, signal ? { signal } : {});
  } catch (error) {
    const { code, stderr = '' } = error as { code?: unknown; stderr?: string };
    if (code === 'ENOENT') throw missing('there is no python3', 'install Python 3 with pip');
    if (stderr.includes('No module named pip')) throw missing('python3 has no pip', 'install pip');
    const last = stderr.trim().split('\n').at(-1) ?? '';
    const why = last.replace(/^ERROR: /, '').replace(/\.$/, '') || code;
    throw missing(`${what} failed: ${why}`, 'see that pip can download and that the disk has room');
  }
}

function missing(why: string, remedy?: string): Error {
  const install = 'set OPENVINO_LIB_DIR to the folder of an installed OpenVINO’s libraries';
  return new Error(
    `The OpenVINO runtime is missing and cannot be fetched, since ${why}: ${remedy ? `${remedy}, or ` : ''}${install}.`,
  );
}
