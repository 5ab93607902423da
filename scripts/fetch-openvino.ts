// Gets the OpenVINO runtime with pip, unless there is one, and prints the folder of its libraries.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cachedRuntime, findLibrary, openvinoVersion, runtimeMissing } from '../src/server/engine/openvino/runtime.ts';

/** Each platform's wheel; the libraries in it do not depend on the Python that it is made for. */
const platforms: Readonly<Record<string, string>> = {
  'linux-x64': 'manylinux_2_28_x86_64',
  'linux-arm64': 'manylinux_2_35_aarch64',
  'darwin-arm64': 'macosx_11_0_arm64',
};

const search = { libraryDirectory: process.env.OPENVINO_LIB_DIR, cacheHome: process.env.XDG_CACHE_HOME };

function fetchRuntime(): string {
  const target = cachedRuntime(search);
  const platform = platforms[`${process.platform}-${process.arch}`];
  if (!platform) throw new Error(`there is no OpenVINO wheel for ${process.platform} on ${process.arch}`);
  process.stderr.write(`Fetching the OpenVINO ${openvinoVersion} runtime with pip, once …\n`);
  const root = dirname(target);
  mkdirSync(dirname(root), { recursive: true });
  const work = mkdtempSync(`${root}.tmp-`);
  try {
    const requirements = join(import.meta.dirname, 'openvino-requirements.txt');
    python(
      '-m',
      'pip',
      'download',
      '--quiet',
      '--disable-pip-version-check',
      '--no-deps',
      '--require-hashes',
      '--only-binary',
      ':all:',
      '--python-version',
      '3.11',
      '--implementation',
      'cp',
      '--abi',
      'cp311',
      '--platform',
      platform,
      '--dest',
      work,
      '--requirement',
      requirements,
    );
    const wheel = readdirSync(work).find((name) => name.endsWith('.whl'))!;
    python('-m', 'zipfile', '-e', join(work, wheel), join(work, 'wheel'));
    mkdirSync(join(work, 'runtime'));
    renameSync(join(work, 'wheel/openvino/libs'), join(work, 'runtime/libs'));
    // Another process may have been quicker; its folder is as good.
    if (!existsSync(root)) renameSync(join(work, 'runtime'), root);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return target;
}

function python(...parameters: string[]): void {
  execFileSync('python3', parameters, { stdio: ['ignore', 'ignore', 'inherit'] });
}

try {
  const library = findLibrary(search);
  if (!library && search.libraryDirectory) throw new Error(runtimeMissing(search));
  process.stdout.write(`${library ? dirname(library) : fetchRuntime()}\n`);
} catch (error) {
  process.stderr.write(
    `The OpenVINO runtime could not be fetched: ${(error as Error).message.split('\n')[0]}. Install Python 3 with pip, or install OpenVINO and set OPENVINO_LIB_DIR to the folder of its libraries.\n`,
  );
  process.exitCode = 1;
}
