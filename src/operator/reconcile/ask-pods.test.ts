import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { FakeModels } from '../../../test/support/fake-models.ts';
import { PodInquiry } from './ask-pods.ts';
import type { PodFacts } from './pod-facts.ts';

const port = 9000;
const never = new AbortController().signal;

function pod(name: string, host: string | undefined, uid = name): PodFacts {
  const nothing = { trouble: undefined, wait: undefined, annotations: {} };
  return { name, uid, host, isReady: true, revision: 'r', ...nothing };
}

function bench() {
  const clock = new FakeClock();
  const source = new FakeModels({ clock });
  const inquiry = new PodInquiry(clock);
  const ask = async (pods: readonly PodFacts[], models: readonly string[] = ['m']) => {
    const answers = await inquiry.ask(source, pods, port, models, never);
    return Object.fromEntries(
      [...answers].map(([name, said]) => [name, [...said].map(([model, { kind }]) => `${model} ${kind}`).join()]),
    );
  };
  return { clock, source, ask };
}

test('the pods that run are asked, by their names', async () => {
  const { source, ask } = bench();
  source.set({ host: '10.0.0.1', port }, 'm', [{ version: 1 }]);
  const pods = [pod('a', '10.0.0.1'), pod('b', '10.0.0.2'), pod('c', undefined)];
  assert.deepEqual(await ask(pods), { a: 'm versions', b: 'm unreachable' });
  assert.deepEqual(source.asked, [
    ['10.0.0.1:9000', ['m']],
    ['10.0.0.2:9000', ['m']],
  ]);
});

test('a pod that is silent for a moment is taken to be as it was', async () => {
  const { clock, source, ask } = bench();
  const address = { host: '10.0.0.1', port };
  const pods = [pod('a', '10.0.0.1')];
  source.set(address, 'm', [{ version: 1 }]);
  await ask(pods);
  source.fail(address, 'refused');
  await clock.advance(14_999);
  assert.deepEqual(await ask(pods), { a: 'm versions' });
  await clock.advance(1);
  assert.deepEqual(await ask(pods), { a: 'm unreachable' });
  source.set(address, 'm', { kind: 'unknown-model' });
  assert.deepEqual(await ask(pods), { a: 'm unknown-model' });
});

test('what was said before is of no use for other models, nor of another pod of the name', async () => {
  const { source, ask } = bench();
  const address = { host: '10.0.0.1', port };
  source.set(address, 'm', [{ version: 1 }]);
  await ask([pod('a', '10.0.0.1')]);
  source.fail(address, 'refused');
  assert.deepEqual(await ask([pod('a', '10.0.0.1')], ['m', 'n']), { a: 'm unreachable,n unreachable' });
  assert.deepEqual(await ask([pod('a', '10.0.0.1', 'another uid')]), { a: 'm unreachable' });
  assert.deepEqual(await ask([pod('a', '10.0.0.1')]), { a: 'm versions' });
});
