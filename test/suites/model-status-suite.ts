import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import type {
  ConfigAnswer,
  ModelAnswer,
  ModelStatusSource,
  PodAddress,
} from '../../src/operator/models/model-status-source.ts';

/** Pods, as the suite asks them. */
export interface Pods {
  /**
   * Serves `all` (versions 1 and 2 both available), `broken` (version 1 available, version 2 does not load) and
   * `nothing` (a model of no version).
   */
  readonly serving: PodAddress;
  /** By this config, which is the only one that it has read. */
  readonly config: ConfigAnswer;
  /** The same server at an IPv6 address. */
  readonly serving6: PodAddress;
  /** Nobody is there. */
  readonly dead: PodAddress;
  /** Takes a call and never answers. */
  readonly silent: PodAddress;
}

export interface ModelStatusUnderTest {
  readonly name: string;
  /** What is made ends with the test. */
  create(t: TestContext, options: { readonly timeoutMs: number }): ModelStatusSource;
  /** Called once for the whole suite. */
  pods(t: TestContext): Promise<Pods>;
}

const never = new AbortController().signal;

/** What every source of model states does. */
export function modelStatusSuite(subject: ModelStatusUnderTest): void {
  suite(`model status ${subject.name}`, async () => {
    test('all cases', async (t) => {
      const pods = await subject.pods(t);
      const check = (name: string, body: (source: ModelStatusSource) => Promise<void>, timeoutMs = 10_000) =>
        t.test(name, (inner) => body(subject.create(inner, { timeoutMs })));

      for (const pod of [pods.serving, pods.serving6]) {
        await check(`tells every version of every model of ${pod.host}`, async (source) => {
          const answers = await source.ask(pod, ['all', 'broken', 'unheard-of', 'nothing', 'all'], never);
          assert.deepEqual([...answers.keys()], ['all', 'broken', 'unheard-of', 'nothing']);
          assert.deepEqual(answers.get('all'), {
            kind: 'versions',
            versions: [1, 2].map((version) => ({ version, state: 'AVAILABLE', errorCode: 'OK', errorMessage: '' })),
            config: pods.config,
          });
          assert.deepEqual(answers.get('unheard-of'), { kind: 'unknown-model' });
          assert.deepEqual(answers.get('nothing'), { kind: 'versions', versions: [], config: pods.config });
          const broken = answers.get('broken')!;
          assert.ok(broken.kind === 'versions');
          assert.deepEqual(
            broken.versions.map(({ version, state, errorCode }) => [version, state, errorCode]),
            [
              [1, 'AVAILABLE', 'OK'],
              [2, 'LOADING', 'UNKNOWN'],
            ],
          );
          assert.match(broken.versions[1]!.errorMessage, /^Cannot read the model - ./);
        });
      }

      await check('asks nothing for no models', async (source) => {
        assert.equal((await source.ask(pods.serving, [], never)).size, 0);
      });

      await check('answers many who ask at once, each of the models that it named', async (source) => {
        const names = Array.from({ length: 30 }, (_, i) => (i % 3 === 0 ? 'all' : `unheard-of-${i}`));
        const all = await Promise.all(
          Array.from({ length: 20 }, (_, i) => source.ask(pods.serving, names.slice(i), never)),
        );
        for (const [i, answers] of all.entries()) {
          assert.deepEqual([...answers.keys()], [...new Set(names.slice(i))]);
          for (const [name, { kind }] of answers) assert.equal(kind, name === 'all' ? 'versions' : 'unknown-model');
        }
      });

      await check('says that nobody is there, each time anew', async (source) => {
        for (let time = 0; time < 3; time++) {
          const answers = await source.ask(pods.dead, ['all', 'broken'], never);
          const reason = `no connection to ${pods.dead.host}:${pods.dead.port}: refused`;
          assert.deepEqual([...answers.values()], Array(2).fill({ kind: 'unreachable', reason }));
        }
      });

      await check(
        'waits for a pod no longer than it has',
        async (source) => {
          const begin = performance.now();
          const answers = await source.ask(pods.silent, ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'], never);
          assert.equal(answers.size, 10);
          for (const answer of answers.values()) assert.match(reasonOf(answer), /within 0\.3 s$/);
          assert.ok(performance.now() - begin < 5_000);
        },
        300,
      );

      await check('ends at once when the signal is aborted', async (source) => {
        const controller = new AbortController();
        const reason = new Error('enough');
        const asking = source.ask(pods.silent, ['a', 'b'], controller.signal);
        const begin = performance.now();
        setTimeout(() => controller.abort(reason), 50);
        await assert.rejects(asking, reason);
        await assert.rejects(source.ask(pods.serving, ['all'], controller.signal), reason);
        assert.ok(performance.now() - begin < 5_000);
      });

      await check('ends what is under way when it is closed, and begins nothing after', async (source) => {
        const asking = source.ask(pods.silent, ['a'], never);
        setTimeout(() => source.close(), 50);
        const ending = new Map([['a', { kind: 'unreachable', reason: 'the operator is ending' }]]);
        assert.deepEqual(await asking, ending);
        assert.deepEqual(await source.ask(pods.serving, ['a'], never), ending);
      });
    });
  });
}

function reasonOf(answer: ModelAnswer): string {
  assert.equal(answer.kind, 'unreachable');
  return answer.reason;
}
