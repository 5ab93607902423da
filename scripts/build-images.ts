// Builds the images of server and operator, each into an archive below .cache/images, unless it is up to date:
//   node scripts/build-images.ts [server] [operator]
// IMAGE_TOOL is buildah (default), docker or podman; BASE an image to build on; OPENVINO_DEVICES the plugins in the server's.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Image, images, root, type Target, targets, version } from './images/image.ts';
import { type ImageTool, openImageTool } from './images/image-tool.ts';
import { isInstalled, run } from './images/run.ts';
import { fillStage, type Layout, layOutImage, layOutNode, layOutOpenVino } from './images/stage.ts';

const toolName = process.env.IMAGE_TOOL || 'buildah';
const base = process.env.BASE || undefined;
const devices = process.env.OPENVINO_DEVICES || 'CPU';

try {
  const wanted = (process.argv.length > 2 ? process.argv.slice(2) : targets) as Target[];
  await buildImages(wanted.map((target) => images[target]));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}

async function buildImages(wanted: readonly Image[]): Promise<void> {
  const common: Layout = new Map([...layOutNode(), ...(await layOutOpenVino(console.error))]);
  const layouts = wanted.map((image) => ({ image, layout: layOutImage(image) }));
  const outdated = layouts.filter(({ image, layout }) => {
    const current = fingerprint(layout, image.target === 'server' ? common : layOutNode());
    const mark = `${image.archive}.fingerprint`;
    const isCurrent = existsSync(image.archive) && existsSync(mark) && readFileSync(mark, 'utf8') === current;
    if (isCurrent) tell(image, 'is up to date');
    return !isCurrent;
  });
  if (outdated.length === 0) return;

  fillStage(new Map([...common, ...outdated.flatMap(({ layout }) => [...layout])]));
  let tool: ImageTool | undefined;
  try {
    tool = openImageTool(toolName, base);
    for (const { image, layout } of outdated) {
      const start = performance.now();
      tool.build(image, { VERSION: version, REVISION: revision(), OPENVINO_DEVICES: devices });
      writeFileSync(
        `${image.archive}.fingerprint`,
        fingerprint(layout, image.target === 'server' ? common : layOutNode()),
      );
      tell(image, `built in ${((performance.now() - start) / 1000).toFixed(0)} s`);
    }
  } finally {
    tool?.close();
  }
}

/** Files are known by their content; the large ones, which come with a version in their path, by size and time. */
function fingerprint(...layouts: readonly Layout[]): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([toolName, base, devices, version, readFileSync(join(root, 'Dockerfile'), 'utf8')]));
  for (const [path, source] of layouts.flatMap((layout) => [...layout]).sort()) {
    const { size, mode, mtimeMs } = statSync(source);
    hash.update(`\n${path} ${mode} ${size} `);
    hash.update(size > 1 << 20 ? String(mtimeMs) : readFileSync(source));
  }
  return hash.digest('hex');
}

/** The commit, if this is a clone. */
function revision(): string {
  if (!isInstalled('git')) return '';
  try {
    return run('git', ['-C', root, 'rev-parse', 'HEAD']).trim();
  } catch {
    return '';
  }
}

function tell({ reference, archive }: Image, what: string): void {
  const megabytes = (statSync(archive).size / 1e6).toFixed(0);
  console.log(`${reference} ${what}: ${archive}, ${megabytes} MB`);
}
