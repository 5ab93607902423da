import type { TestContext } from 'node:test';
import { images } from '../../scripts/images/image.ts';
import type { ModelServer } from '../../src/operator/api/model-server.ts';
import { eventually } from '../support/operator.ts';
import { type Cluster, startCluster, type VolumeOptions } from './cluster.ts';
import { DigitsFolder } from './digits-folder.ts';
import { SteadyLoad } from './steady-load.ts';

export const namespace = 'models';

/** A cluster that has our images, and what examples/modelserver.yaml asks for: a claim "models", here in a namespace "models". */
export class DigitsCluster {
  readonly cluster: Cluster;
  /** What is behind the claim. */
  readonly folder: DigitsFolder;

  private constructor(cluster: Cluster, folder: DigitsFolder) {
    this.cluster = cluster;
    this.folder = folder;
  }

  static async start(name: string, volume: Pick<VolumeOptions, 'claim'> = {}): Promise<DigitsCluster> {
    const cluster = await startCluster({ name, images: [images.server.archive, images.operator.archive] });
    const digits = new DigitsCluster(cluster, new DigitsFolder());
    try {
      await cluster.kubectl(['create', 'namespace', namespace]);
      await cluster.pv('models', digits.folder.path, { namespace, ...volume });
    } catch (error) {
      await digits.stop();
      throw error;
    }
    return digits;
  }

  /** In the namespace. */
  kubectl(...parameters: readonly string[]): Promise<string> {
    return this.cluster.kubectl([...parameters, `--namespace=${namespace}`]);
  }

  /** @throws if there is none */
  async resource(): Promise<ModelServer> {
    return JSON.parse(await this.kubectl('get', 'modelserver/digits', '--output=json'));
  }

  /** @returns the ModelServer, once it is there and as it should be. @throws after a minute, with what it is */
  async until(isSo: (resource: ModelServer) => boolean): Promise<ModelServer> {
    const look = () => this.resource().catch(() => undefined);
    return (await eventually(look, (found) => found !== undefined && isSo(found), 60_000))!;
  }

  /** Through the Service's cluster address. */
  async startLoad(perSecond: number): Promise<SteadyLoad> {
    const host = await this.kubectl('get', 'service/digits', '--output=jsonpath={.spec.clusterIP}');
    return new SteadyLoad(`127.0.0.1:${await this.cluster.forward(host, 8080)}`, perSecond);
  }

  async stop(): Promise<void> {
    await this.cluster.stop();
    this.folder.remove();
  }
}

/** Has the test tell how long it took. */
export async function timed<T>(t: TestContext, what: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work();
  t.diagnostic(`${what}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return result;
}
