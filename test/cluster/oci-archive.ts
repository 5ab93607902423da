import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

export interface ProgramImage {
  /** `localhost/name:tag` */
  readonly name: string;
  /** Path of a static program. It becomes `/name`, and what the image starts. */
  readonly program: string;
}

/** Writes an image of one static program as an OCI archive, as `ctr images import` takes it. */
export function writeOciArchive(file: string, image: ProgramImage): void {
  const [repository, tag] = image.name.split(/:(?=[^/]*$)/) as [string, string];
  const entry = repository.slice(repository.lastIndexOf('/') + 1);
  const layer = tar([{ path: entry, content: readFileSync(image.program), mode: 0o755 }]);
  const config = json({
    ...{ architecture: architecture(), os: 'linux' },
    config: { Entrypoint: [`/${entry}`] },
    rootfs: { type: 'layers', diff_ids: [digest(layer)] },
  });
  const type = 'application/vnd.oci.image';
  const manifest = json({
    ...{ schemaVersion: 2, mediaType: `${type}.manifest.v1+json` },
    config: { mediaType: `${type}.config.v1+json`, digest: digest(config), size: config.length },
    layers: [{ mediaType: `${type}.layer.v1.tar`, digest: digest(layer), size: layer.length }],
  });
  const annotations = { 'io.containerd.image.name': image.name, 'org.opencontainers.image.ref.name': tag };
  const index = json({
    ...{ schemaVersion: 2, mediaType: `${type}.index.v1+json` },
    manifests: [
      { mediaType: `${type}.manifest.v1+json`, digest: digest(manifest), size: manifest.length, annotations },
    ],
  });
  const blobs = [layer, config, manifest].map((content) => ({
    ...{ path: `blobs/sha256/${digest(content).slice('sha256:'.length)}`, content },
  }));
  const layout = { path: 'oci-layout', content: json({ imageLayoutVersion: '1.0.0' }) };
  writeFileSync(file, tar([layout, { path: 'index.json', content: index }, ...blobs]));
}

interface Entry {
  readonly path: string;
  readonly content: Buffer;
  readonly mode?: number;
}

/** Files of root's, all from 1970, in the ustar format. */
function tar(entries: readonly Entry[]): Buffer {
  const parts = entries.flatMap(({ path, content, mode = 0o644 }) => {
    const header = Buffer.alloc(512);
    const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, '0')}\0`;
    header.write(path, 0);
    header.write(octal(mode, 7), 100);
    header.write(octal(0, 7), 108);
    header.write(octal(0, 7), 116);
    header.write(octal(content.length, 11), 124);
    header.write(octal(0, 11), 136);
    // The sum counts its own field as blanks.
    header.write('        0', 148);
    header.write('ustar\x0000', 257);
    header.write(
      `${octal(
        header.reduce((sum, byte) => sum + byte, 0),
        6,
      )} `,
      148,
    );
    return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
  });
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

function architecture(): string {
  return process.arch === 'x64' ? 'amd64' : process.arch;
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function digest(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
