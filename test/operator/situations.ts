import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addModel, convolutionModel } from '../support/ir-model.ts';
import { predict } from '../support/predict.ts';
import type { Scene } from './scene.ts';

/** Something that happens to a pod's models, by which the status is held against what the real server says of it. */
export interface Situation {
  /** Of the file that holds its recording. */
  readonly name: string;
  readonly what: string;
  play(scene: Scene): Promise<void>;
}

const specific = (...versions: number[]) => ({ name: 'm', versionPolicy: { specific: { versions } } });
const latest = (numVersions: number) => ({ name: 'm', versionPolicy: { latest: { numVersions } } });
const labelled = (versionLabels: object) => ({ name: 'm', versionLabels });

export const situations: readonly Situation[] = [
  {
    name: 'first-start',
    what: 'The first start, with a version that takes long to load and one that waits for it.',
    async play(scene) {
      addVersion(scene, 1);
      addSlowVersion(scene, 2);
      await scene.prepare(latest(2));
      await scene.moment('Nobody listens yet.', ({ m }) => m === 'unreachable');
      await scene.start();
      await scene.moment('One loads, the other waits.', ({ m }) => m === '1 START, 2 LOADING');
      await scene.moment('Both serve.', ({ m }) => m === '1 AVAILABLE, 2 AVAILABLE');
    },
  },
  {
    name: 'new-version',
    what: 'A second version is copied onto the volume while requests for the first are under way.',
    async play(scene) {
      addSlowVersion(scene, 1);
      await scene.start({ name: 'm' });
      await scene.moment('The first serves.', ({ m }) => m === '1 AVAILABLE');
      const requests = new SlowRequests(scene);
      addSlowVersion(scene, 2);
      await scene.moment('The second loads.', ({ m }) => m === '1 AVAILABLE, 2 LOADING');
      await scene.moment(
        'The second serves, the first ends its requests.',
        ({ m }) => m === '1 UNLOADING, 2 AVAILABLE',
      );
      await requests.stop();
      await scene.moment('The first is gone.', ({ m }) => m === '1 END, 2 AVAILABLE');
    },
  },
  {
    name: 'broken-new-version',
    what: 'A third version is broken, then a fourth is good.',
    async play(scene) {
      addVersion(scene, 2);
      await scene.start({ name: 'm' });
      await scene.moment('The second serves.', ({ m }) => m === '2 AVAILABLE');
      breakVersion(scene, 3);
      await scene.moment('The third does not load.', ({ m }) => m === '2 AVAILABLE, 3 LOADING UNKNOWN');
      addVersion(scene, 4);
      await scene.moment('The fourth serves.', ({ m }) => m === '2 END, 3 END, 4 AVAILABLE');
    },
  },
  {
    name: 'broken-specific-version',
    what: 'The second version serves by name; the third is named instead, and is broken; then the second is named again.',
    async play(scene) {
      addVersion(scene, 2);
      breakVersion(scene, 3);
      await scene.start(specific(2));
      await scene.moment('The second serves.', ({ m }) => m === '2 AVAILABLE');
      await scene.configure(specific(3));
      await scene.moment('The third does not load.', ({ m }) => m === '2 AVAILABLE, 3 LOADING UNKNOWN');
      await scene.configure(specific(2));
      await scene.moment('The second is as wanted again.', ({ m }) => m === '2 AVAILABLE, 3 END');
    },
  },
  {
    name: 'missing-specific-version',
    what: 'A version is named that is not on the volume; then it comes.',
    async play(scene) {
      addVersion(scene, 2);
      await scene.start(specific(2));
      await scene.moment('The second serves.', ({ m }) => m === '2 AVAILABLE');
      await scene.configure(specific(4));
      await scene.moment('The fourth is not there.', ({ m }) => m === '2 AVAILABLE');
      addVersion(scene, 4);
      await scene.moment('The fourth serves.', ({ m }) => m === '2 END, 4 AVAILABLE');
      await scene.configure(specific(2));
      await scene.moment('Back to the second.', ({ m }) => m === '2 AVAILABLE, 4 END');
    },
  },
  {
    name: 'empty-folder',
    what: "The model's folder is empty; then its first version comes.",
    async play(scene) {
      mkdirSync(join(scene.folder, 'm'));
      await scene.start({ name: 'm' });
      await scene.moment('There is no version.', ({ m }) => m === '');
      addVersion(scene, 1);
      await scene.moment('The first serves.', ({ m }) => m === '1 AVAILABLE');
    },
  },
  {
    name: 'missing-folder',
    what: 'The model has no folder; then it comes, with a version.',
    async play(scene) {
      await scene.start({ name: 'm' });
      await scene.moment('There is no folder.', ({ m }) => m === '');
      addVersion(scene, 1);
      await scene.moment('The first serves.', ({ m }) => m === '1 AVAILABLE');
    },
  },
  {
    name: 'changed-files',
    what: 'The files of the version that serves are overwritten with some that do not load, then with good ones.',
    async play(scene) {
      addVersion(scene, 1);
      await scene.start({ name: 'm' });
      await scene.moment('It serves.', ({ m }) => m === '1 AVAILABLE');
      breakVersion(scene, 1);
      await scene.moment('The old files serve on.', ({ m }) => m === '1 AVAILABLE UNKNOWN');
      addVersion(scene, 1);
      await scene.moment('The new files serve.', ({ m }) => m === '1 AVAILABLE');
    },
  },
  {
    name: 'changed-options',
    what: 'The model is given an input shape that it cannot take; then that is taken back.',
    async play(scene) {
      addVersion(scene, 1);
      await scene.start({ name: 'm' });
      await scene.moment('It serves.', ({ m }) => m === '1 AVAILABLE');
      await scene.configure({ name: 'm', shapes: { nowhere: '(1,2)' } });
      await scene.moment('It serves on as it was.', ({ m }) => m === '1 AVAILABLE UNKNOWN');
      await scene.configure({ name: 'm' });
      await scene.moment('It is as wanted again.', ({ m }) => m === '1 AVAILABLE');
    },
  },
  {
    name: 'slow-options',
    what: 'An option is changed that nothing shows but the config; the server hears of it late, and is slow to load anew.',
    async play(scene) {
      addSlowVersion(scene, 1);
      await scene.start({ name: 'm' });
      await scene.moment('It serves.', ({ m }) => m === '1 AVAILABLE');
      scene.wish({ name: 'm', nireq: 2 });
      await scene.moment('The pod does not know.', ({ m }, config) => m === '1 AVAILABLE' && config.m === 'c1');
      await scene.configure({ name: 'm', nireq: 2 });
      await scene.moment('It loads anew beside itself.', ({ m }, config) => m === '1 AVAILABLE' && config.m === 'c1');
      await scene.moment('It serves as it is wanted.', ({ m }, config) => m === '1 AVAILABLE' && config.m === 'c2');
    },
  },
  {
    name: 'label-of-served-version',
    what: 'A label moves to a version that is served anyway; the pod hears of it late.',
    async play(scene) {
      for (const version of [1, 2]) addVersion(scene, version);
      const all = { name: 'm', versionPolicy: { all: {} } };
      await scene.start({ ...all, versionLabels: { stable: 1 } });
      await scene.moment('Both serve.', ({ m }) => m === '1 AVAILABLE, 2 AVAILABLE');
      scene.wish({ ...all, versionLabels: { stable: 2 } });
      await scene.moment('The pod does not know.', (_, config) => config.m === 'c1');
      await scene.configure({ ...all, versionLabels: { stable: 2 } });
      await scene.moment('The label has moved.', (_, config) => config.m === 'c2');
    },
  },
  {
    name: 'refused-config',
    what: 'The server does not take the config: first nothing else changes, then another version is named in it.',
    async play(scene) {
      addVersion(scene, 1);
      addVersion(scene, 2);
      await scene.start(specific(1));
      await scene.moment('It serves.', ({ m }) => m === '1 AVAILABLE');
      await scene.configure({ ...specific(1), batchSize: 'some' });
      await scene.moment('It serves on as it was.', ({ m }) => m === '1 AVAILABLE UNKNOWN');
      await scene.configure({ ...specific(2), batchSize: 'some' });
      await scene.moment('The other version is not even looked for.', ({ m }) => m === '1 AVAILABLE UNKNOWN');
      await scene.configure(specific(2));
      await scene.moment('The other version serves.', ({ m }) => m === '1 END, 2 AVAILABLE');
    },
  },
  {
    name: 'two-broken-versions',
    what: 'The two newest versions are broken.',
    async play(scene) {
      addVersion(scene, 2);
      breakVersion(scene, 3);
      breakVersion(scene, 4);
      await scene.start({ name: 'm' });
      await scene.moment(
        'The newest that loads serves.',
        ({ m }) => m === '2 AVAILABLE, 3 LOADING UNKNOWN, 4 LOADING UNKNOWN',
      );
    },
  },
  {
    name: 'all-versions',
    what: 'All versions are served; one is deleted, and a broken one comes.',
    async play(scene) {
      for (const version of [1, 2, 3]) addVersion(scene, version);
      await scene.start({ name: 'm', versionPolicy: { all: {} } });
      await scene.moment('All serve.', ({ m }) => m === '1 AVAILABLE, 2 AVAILABLE, 3 AVAILABLE');
      removeVersion(scene, 2);
      await scene.moment('Two serve.', ({ m }) => m === '1 AVAILABLE, 2 END, 3 AVAILABLE');
      breakVersion(scene, 4);
      await scene.moment(
        'Two serve, one is broken.',
        ({ m }) => m === '1 AVAILABLE, 2 END, 3 AVAILABLE, 4 LOADING UNKNOWN',
      );
    },
  },
  {
    name: 'latest-two-versions',
    what: 'The two newest versions are served; a broken one comes, and is deleted; then a good one.',
    async play(scene) {
      for (const version of [1, 2, 3]) addVersion(scene, version);
      await scene.start(latest(2));
      await scene.moment('Two serve.', ({ m }) => m === '2 AVAILABLE, 3 AVAILABLE');
      breakVersion(scene, 4);
      await scene.moment('The same two serve.', ({ m }) => m === '2 AVAILABLE, 3 AVAILABLE, 4 LOADING UNKNOWN');
      removeVersion(scene, 4);
      await scene.moment('All is well again.', ({ m }) => m === '2 AVAILABLE, 3 AVAILABLE, 4 END');
      addVersion(scene, 5);
      await scene.moment('The next two serve.', ({ m }) => m === '2 END, 3 AVAILABLE, 4 END, 5 AVAILABLE');
    },
  },
  {
    name: 'labels',
    what: 'Labels keep versions that the policy does not pick; one moves to another, then to one that is not there.',
    async play(scene) {
      for (const version of [1, 2, 3]) addVersion(scene, version);
      await scene.start(labelled({ stable: 1, canary: 3 }));
      await scene.moment('The newest serves, and the labelled.', ({ m }) => m === '1 AVAILABLE, 3 AVAILABLE');
      await scene.configure(labelled({ stable: 2, canary: 3 }));
      await scene.moment('The label has moved.', ({ m }) => m === '1 END, 2 AVAILABLE, 3 AVAILABLE');
      await scene.configure(labelled({ stable: 5, canary: 3 }));
      await scene.moment('The label stays where it was.', ({ m }) => m === '1 END, 2 AVAILABLE, 3 AVAILABLE');
      await scene.configure(labelled({ stable: 3, canary: 3 }));
      await scene.moment('Both labels stand for the newest.', ({ m }) => m === '1 END, 2 END, 3 AVAILABLE');
    },
  },
  {
    name: 'removed-model',
    what: 'A model is taken out of the resource, and comes back.',
    async play(scene) {
      addVersion(scene, 1);
      addVersion(scene, 1, 'other');
      await scene.start({ name: 'm' }, { name: 'other' });
      await scene.moment('Both serve.', ({ m, other }) => m === '1 AVAILABLE' && other === '1 AVAILABLE');
      await scene.configure({ name: 'm' });
      await scene.moment('One is wanted.', ({ m }) => m === '1 AVAILABLE');
      scene.wish({ name: 'm' }, { name: 'other' });
      await scene.moment('Both are wanted, and the pod does not know.', ({ other }) => other === '1 END');
      await scene.configure({ name: 'm' }, { name: 'other' });
      await scene.moment('Both serve again.', ({ m, other }) => m === '1 AVAILABLE' && other === '1 AVAILABLE');
    },
  },
  {
    name: 'unknown-model',
    what: 'The resource has one model more than the config that the pod has read.',
    async play(scene) {
      addVersion(scene, 1);
      addVersion(scene, 1, 'other');
      await scene.start({ name: 'm' });
      await scene.moment('The first serves.', ({ m }) => m === '1 AVAILABLE');
      scene.wish({ name: 'm' }, { name: 'other' });
      await scene.moment('The other is unknown.', ({ m, other }) => m === '1 AVAILABLE' && other === 'unknown-model');
      await scene.configure({ name: 'm' }, { name: 'other' });
      await scene.moment('Both serve.', ({ m, other }) => m === '1 AVAILABLE' && other === '1 AVAILABLE');
    },
  },
  {
    name: 'half-copied-version',
    what: 'A copy of a new version stops half way, and goes on later.',
    async play(scene) {
      addVersion(scene, 1);
      await scene.start({ name: 'm' });
      await scene.moment('The first serves.', ({ m }) => m === '1 AVAILABLE');
      addVersion(scene, 2, 'spare');
      mkdirSync(versionFolder(scene, 2));
      const move = (file: string) =>
        renameSync(join(versionFolder(scene, 2, 'spare'), file), join(versionFolder(scene, 2), file));
      move('model.xml');
      await scene.moment('The second lacks its weights.', ({ m }) => m === '1 AVAILABLE, 2 LOADING UNKNOWN');
      move('model.bin');
      await scene.moment('The second serves.', ({ m }) => m === '1 END, 2 AVAILABLE');
    },
  },
  {
    name: 'restart-with-broken-version',
    what: 'The only version is overwritten with one that does not load; then the server is started again.',
    async play(scene) {
      addVersion(scene, 1);
      await scene.start({ name: 'm' });
      await scene.moment('It serves.', ({ m }) => m === '1 AVAILABLE');
      breakVersion(scene, 1);
      await scene.moment('It serves on.', ({ m }) => m === '1 AVAILABLE UNKNOWN');
      await scene.kill();
      await scene.moment('The server is gone.', ({ m }) => m === 'unreachable');
      await scene.start();
      await scene.moment('The version does not load.', ({ m }) => m === '1 LOADING UNKNOWN');
    },
  },
  {
    name: 'removed-last-version',
    what: 'The folder of the only version is deleted, then that of the model.',
    async play(scene) {
      addVersion(scene, 1);
      await scene.start({ name: 'm' });
      await scene.moment('It serves.', ({ m }) => m === '1 AVAILABLE');
      removeVersion(scene, 1);
      await scene.server.logged(({ msg }) => msg.startsWith('No version found for model in path'));
      await scene.moment('It serves on without its files.', ({ m }) => m === '1 AVAILABLE');
      rmSync(join(scene.folder, 'm'), { recursive: true });
      await scene.server.logged(({ msg }) => msg.startsWith('The base path cannot be read'));
      await scene.moment('It serves on without its folder.', ({ m }) => m === '1 AVAILABLE UNKNOWN');
    },
  },
  {
    name: 'optional-model',
    what: 'A model that is not required does not load.',
    async play(scene) {
      addVersion(scene, 1);
      breakVersion(scene, 1, 'extra');
      await scene.start({ name: 'm' }, { name: 'extra', required: false });
      await scene.moment('The other serves.', ({ m, extra }) => m === '1 AVAILABLE' && extra === '1 LOADING UNKNOWN');
    },
  },
];

function versionFolder({ folder }: Scene, version: number, model = 'm'): string {
  return join(folder, model, `${version}`);
}

function addVersion(scene: Scene, version: number, model?: string): void {
  addModel('FP32', [1, 10], version).write(versionFolder(scene, version, model));
}

/** One that takes long to load, and to answer. */
function addSlowVersion(scene: Scene, version: number): void {
  convolutionModel(slowSize, 200).write(versionFolder(scene, version));
}

/** Also one that was good before. */
function breakVersion(scene: Scene, version: number, model?: string): void {
  mkdirSync(versionFolder(scene, version, model), { recursive: true });
  writeFileSync(join(versionFolder(scene, version, model), 'model.xml'), '<net>this is no model</net>');
}

function removeVersion(scene: Scene, version: number): void {
  rmSync(versionFolder(scene, version), { recursive: true });
}

const slowSize = 64;

/** Always some under way, to the first version: it cannot be unloaded before they are answered. */
class SlowRequests {
  readonly #scene: Scene;
  readonly #workers: Promise<void>[];
  #isRunning = true;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#workers = Array.from({ length: 8 }, () => this.#work());
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    await Promise.all(this.#workers);
  }

  async #work(): Promise<void> {
    const dim = [1, 1, slowSize, slowSize].map((size) => ({ size }));
    const content = Buffer.alloc(slowSize ** 2 * 4);
    const inputs = { b: { dtype: 'DT_FLOAT', tensor_shape: { dim }, tensor_content: content } };
    const request = { model_spec: { name: 'm', version: { value: 1 } }, inputs };
    while (this.#isRunning) {
      try {
        await predict(this.#scene.server.client, request);
      } catch {
        // Unloading: no new ones are taken.
        return;
      }
    }
  }
}
