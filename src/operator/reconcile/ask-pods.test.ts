import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock, settle } from '../../../test/support/fake-clock.ts';
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

test('nobody waits a second time for a pod that does not answer; it is asked less and less', async () => {
  const { clock, source, ask } = bench();
  const address = { host: '10.0.0.1', port };
  source.set(address, 'm', [{ version: 1 }]);
  source.delay(address, 60_000);
  const first = ask([pod('a', '10.0.0.1')]);
  await clock.advance(2_000);
  assert.deepEqual(await first, { a: 'm unreachable' });
  const times: number[] = [];
  for (let seconds = 2; seconds < 120; seconds++) {
    const before = source.asked.length;
    assert.deepEqual(await ask([pod('a', '10.0.0.1')]), { a: 'm unreachable' });
    if (source.asked.length > before) times.push(seconds);
    await clock.advance(1_000);
  }
  assert.deepEqual(times, [4, 10, 20, 38, 70, 102]);
  const ready = { ...pod('a', '10.0.0.1'), isReady: false };
  await ask([ready]);
  assert.equal(source.asked.length, 1 + times.length + 1, 'it is another matter now');
  source.delay(address, 0);
  await clock.advance(40_000);
  await ask([ready]);
  await settle();
  assert.deepEqual(await ask([ready]), { a: 'm versions' });
});

test('a pod that refuses at once is asked each time', async () => {
  const { source, ask } = bench();
  for (let i = 0; i < 3; i++) assert.deepEqual(await ask([pod('a', '10.0.0.1')]), { a: 'm unreachable' });
  assert.equal(source.asked.length, 3);
});
