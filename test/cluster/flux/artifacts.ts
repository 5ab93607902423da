import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';

/** As Flux's source-controller writes it to `status.artifact` of a GitRepository. */
export interface Artifact {
  readonly url: string;
  readonly path: string;
  readonly revision: string;
  readonly digest: string;
  readonly size: number;
  readonly lastUpdateTime: string;
}

/** Hands out commits over HTTP on loopback, as tarballs. */
export class Artifacts {
  readonly #server: Server;
  readonly #directory: string;
  readonly #tarballs = new Map<string, Buffer>();
  #commits = 0;

  private constructor(server: Server, directory: string) {
    this.#server = server;
    this.#directory = directory;
    server.on('request', (request, response) => {
      const tarball = this.#tarballs.get(request.url ?? '');
      response.writeHead(tarball ? 200 : 404).end(tarball);
    });
  }

  /** @param directory where tarballs are made */
  static async start(directory: string): Promise<Artifacts> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
    server.unref();
    return new Artifacts(server, directory);
  }

  /** @param files all that is in the repository then: text by path */
  add(repository: string, files: Readonly<Record<string, string>>): Artifact {
    const folder = mkdtempSync(join(this.#directory, 'commit-'));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const tarball = execFileSync('tar', ['-czf', '-', '-C', folder, '.']);
    const number = ++this.#commits;
    const path = `/${repository}/${number}.tar.gz`;
    this.#tarballs.set(path, tarball);
    const { port } = this.#server.address() as AddressInfo;
    return {
      url: `http://127.0.0.1:${port}${path}`,
      path: path.slice(1),
      revision: `main@sha1:${createHash('sha1').update(`commit ${number}`).digest('hex')}`,
      digest: `sha256:${createHash('sha256').update(tarball).digest('hex')}`,
      size: tarball.length,
      lastUpdateTime: `${new Date().toISOString().slice(0, 19)}Z`,
    };
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
