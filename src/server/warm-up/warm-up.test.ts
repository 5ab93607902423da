import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { FakeEngine, writeFakeModel } from '../../../test/support/fake-engine.ts';
import { classifyLog, predictLog, record, records } from '../../../test/support/recorded-requests.ts';
import { temporaryFolder } from '../../../test/support/server.ts';
import type { LoadedModel } from '../engine/engine.ts';
import type { WarmUpOutcome } from '../engine/warm-up.ts';
import { bytesPerElement, type NumericTensor, type Tensor } from '../model/tensor.ts';
import { createWarmUp, type WarmUpOptions } from './warm-up.ts';

/** A model that keeps what it is run with, and a warm-up of it. */
async function bench(t: TestContext, options: { shape?: (number | string)[]; layout?: string } = {}) {
  const folder = temporaryFolder(t);
  writeFakeModel(folder, { precision: 'FP32', shape: options.shape ?? ['1..4', 2], addend: 1 });
  const engine = new FakeEngine();
  const layouts = options.layout && ({ kind: 'only', layout: { seen: options.layout } } as const);
  const load = { targetDevice: 'CPU', pluginConfig: {}, inferRequests: 1, ...(layouts && { layouts }) };
  const model = await engine.load(folder, load);
  const ran: string[] = [];
  const noting = (what: string, inputs: readonly Tensor[]) =>
    ran.push(`${what} ${inputs.map((input) => `${input.shape.join('x')}: ${values(input)}`)}`);
  const watched: LoadedModel = {
    signature: model.signature,
    inferRequests: 1,
    streams: 1,
    inUse: 0,
    waiting: 0,
    close: () => model.close(),
    openState: (openOptions) => model.openState(openOptions),
    rehearse: (inputs) => {
      noting('rehearsed', inputs);
      return model.rehearse(inputs);
    },
    infer: (inputs, inferOptions) => {
      noting('ran', inputs);
      return model.infer(inputs, inferOptions);
    },
  };
  let prepared = 0;
  const warmUp = (mode: WarmUpOptions['mode'], signal = new AbortController().signal): Promise<WarmUpOutcome> =>
    createWarmUp({
      mode,
      decodeImages: async ({ info }): Promise<NumericTensor> => {
        const shape = info.shape!.map(({ min }) => Math.max(1, min));
        const count = shape.reduce((product, size) => product * size, 1);
        return { precision: 'FP32', shape, data: new Uint8Array(count * bytesPerElement.FP32) };
      },
      prepareImages: async () => {
        prepared++;
      },
    })(watched, folder, signal);
  return { folder, warmUp, watched, ran, prepared: () => prepared };
}

function values(tensor: Tensor): number[] {
  return tensor.precision === 'STRING' ? [] : [...new Float32Array(new Uint8Array(tensor.data).buffer)];
}

const request = (...sent: number[]) =>
  predictLog({
    inputs: {
      b: { dtype: 1, tensor_shape: { dim: [{ size: sent.length / 2 }, { size: 2 }] }, float_val: sent },
    },
  });

test('a synthetic request is zeros, of the least size', async (t) => {
  const { warmUp, ran } = await bench(t);
  const outcome = { kind: 'synthetic', requests: 1, failures: [] };
  assert.deepEqual(await warmUp('auto'), outcome);
  assert.deepEqual(await warmUp('synthetic'), outcome);
  assert.deepEqual(ran, ['rehearsed 1x2: 0,0', 'rehearsed 1x2: 0,0']);
});

test('recorded requests come in their order, others than Predict are passed over', async (t) => {
  const { folder, warmUp, ran } = await bench(t);
  record(folder, records(request(1, 2), classifyLog(), request(3, 4, 5, 6)));
  assert.deepEqual(await warmUp('auto'), { kind: 'recorded', requests: 2, failures: [] });
  assert.deepEqual(ran, ['rehearsed 1x2: 1,2', 'ran 2x2: 3,4,5,6']);
  assert.deepEqual(await warmUp('synthetic'), { kind: 'synthetic', requests: 1, failures: [] });
});

test('without a warm-up nothing runs', async (t) => {
  const { folder, warmUp, ran, prepared } = await bench(t, { shape: [1, 2, 2, 3], layout: 'NHWC' });
  record(folder, records(request(1, 2)));
  assert.deepEqual(await warmUp('none'), { kind: 'none', requests: 0, failures: [] });
  assert.deepEqual([ran, prepared()], [[], 0]);
});

test('what fails is told, and the rest goes on', async (t) => {
  const { folder, warmUp, ran } = await bench(t);
  const file = records(request(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), Buffer.from('no log'), request(3, 4));
  record(folder, file.subarray(0, -1));
  const shape = 'Invalid input shape - Expected: ([1~4],2); Actual: (5,2); input name: b';
  const { failures, ...outcome } = await warmUp('auto');
  assert.deepEqual(outcome, { kind: 'synthetic', requests: 1 });
  assert.equal(failures.length, 2);
  assert.equal(failures[0], `recorded request 1: ${shape}`);
  assert.match(failures[1]!, /^recorded requests: /);
  assert.deepEqual(ran, ['rehearsed 1x2: 0,0']);
});

test('no more failures are told than help', async (t) => {
  const { folder, warmUp } = await bench(t);
  const wrong = request(...new Array(10).fill(0));
  record(folder, records(...new Array(20).fill(wrong), request(1, 2)));
  const { kind, requests, failures } = await warmUp('auto');
  assert.deepEqual([kind, requests, failures.length], ['recorded', 1, 5]);
});

test('there are at most 1000 requests', async (t) => {
  const { folder, warmUp, ran } = await bench(t);
  record(folder, records(...new Array(1001).fill(request(1, 2))));
  assert.deepEqual(await warmUp('auto'), {
    kind: 'recorded',
    requests: 1000,
    failures: ['recorded requests: the file has more than 1000 requests'],
  });
  assert.equal(ran.length, 1000);
});

test('it ends when nobody waits for it', async (t) => {
  const { folder, warmUp, watched, ran } = await bench(t);
  record(folder, records(...new Array(10).fill(request(1, 2))));
  const ending = new AbortController();
  const { infer } = watched;
  Object.assign(watched, {
    infer: (...parameters: Parameters<typeof infer>) => {
      ending.abort();
      return infer(...parameters);
    },
  });
  assert.equal((await warmUp('auto', ending.signal)).requests, 2);
  assert.equal(ran.length, 2);
});

test('a model that runs into trouble tells what the runtime says', async (t) => {
  const { warmUp, watched } = await bench(t);
  const cause = new Error('no such memory');
  Object.assign(watched, { rehearse: () => Promise.reject(new Error('Internal inference error', { cause })) });
  assert.deepEqual(await warmUp('auto'), {
    kind: 'synthetic',
    requests: 0,
    failures: ['Internal inference error - no such memory'],
  });
});

test('images are prepared for where an input says that it is for them, and recorded ones are decoded', async (t) => {
  const { folder, warmUp, ran, prepared } = await bench(t, { shape: [1, 1, 2, 3], layout: 'NHWC' });
  const image = { dtype: 7, tensor_shape: { dim: [{ size: 1 }] }, string_val: [Buffer.from('image')] };
  record(folder, records(predictLog({ inputs: { b: image } })));
  assert.deepEqual(await warmUp('auto'), { kind: 'recorded', requests: 1, failures: [] });
  assert.deepEqual(ran, ['rehearsed 1x1x2x3: 0,0,0,0,0,0']);
  assert.equal(prepared(), 1);
  const other = await bench(t, { shape: [1, 3, 2, 2], layout: 'NCHW' });
  await other.warmUp('auto');
  assert.equal(other.prepared(), 0);
});
