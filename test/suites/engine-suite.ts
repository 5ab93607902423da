import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import type { Engine, Inference, LoadedModel, ModelState } from '../../src/server/engine/engine.ts';
import { ServingError } from '../../src/server/model/error.ts';
import type { Layouts } from '../../src/server/model/layout.ts';
import { anySize, type Reshape } from '../../src/server/model/reshape.ts';
import type { Dimension } from '../../src/server/model/signature.ts';
import { bytesPerElement, type NumericPrecision, type Tensor } from '../../src/server/model/tensor.ts';
import type { LoadOptions } from '../../src/server/model/wanted.ts';
import { type Size, scalar } from '../support/ir-model.ts';
import { temporaryFolder } from '../support/server.ts';

/** An implementation of the port, and how its models come to be. */
export interface EngineUnderTest {
  readonly name: string;
  create(options: { readonly mostWaiting: number }): Promise<Engine>;
  /** Writes a model that adds `addend` to its input `b` and calls the sum `a`. */
  writeAdd(folder: string, precision: NumericPrecision, shape: readonly Size[], addend: number): void;
  /** Writes a model of FP32 that adds what its sum was the last time, 0 at first, to its input `b` and calls that `a`. */
  writeAccumulator(folder: string, shape: readonly number[]): void;
  /** Writes files that are no model. */
  writeBroken(folder: string): void;
  /** Why cases cannot be run, by their names; or the whole suite. */
  readonly skip?: string | undefined;
  readonly skips?: Readonly<Record<string, string>>;
}

export const plainOptions: LoadOptions = { targetDevice: 'CPU', pluginConfig: {}, inferRequests: 1 };

const just = (size: number): Dimension => ({ min: size, max: size });
const range: Dimension = { min: 2, max: 5 };

/** For a model whose input is (1,10). */
const reshapes: [what: string, reshape: Reshape, shape: Dimension[]][] = [
  ['a batch size', { kind: 'batch', size: just(4) }, [just(4), just(10)]],
  ['a range of batch sizes', { kind: 'batch', size: range }, [range, just(10)]],
  ['any batch size', { kind: 'batch', size: anySize }, [anySize, just(10)]],
  ['a shape', { kind: 'shape', shape: [just(2), just(7)] }, [just(2), just(7)]],
  ['a shape with a range and any size', { kind: 'shape', shape: [range, anySize] }, [range, anySize]],
  ['any shape', { kind: 'shape', shape: 'dynamic' }, [anySize, anySize]],
  ['a shape by name', { kind: 'shapes', shapes: [{ input: 'b', shape: [just(3), range] }] }, [just(3), range]],
];

const precisions = (Object.keys(bytesPerElement) as NumericPrecision[]).filter((precision) => precision !== 'BOOL');

/** What every engine does. */
export function engineSuite(subject: EngineUnderTest): void {
  suite(`engine ${subject.name}`, { skip: subject.skip ?? false }, () => {
    const check = (name: string, body: (engine: Engine, folder: string) => Promise<void>, mostWaiting = 4) =>
      test(name, { skip: subject.skips?.[name] ?? false }, async (t) => {
        const engine = await subject.create({ mostWaiting });
        try {
          await body(engine, join(temporaryFolder(t), '1'));
        } finally {
          await engine.close();
        }
      });

    for (const precision of precisions) {
      check(`computes in ${precision}, to the bit`, async (engine, folder) => {
        subject.writeAdd(folder, precision, [-1, 3], 1);
        await withModel(engine, folder, async (model) => {
          for (const rows of [1, 4, 0]) {
            const output = await infer(model, zeros(precision, rows, 3));
            assert.deepEqual(output.shape, [rows, 3]);
            assert.ok(output.precision === precision);
            assert.deepEqual(output.data, new Uint8Array(repeat(scalar(precision, 1), rows * 3)));
          }
        });
      });
    }

    check('tells the signature', async (engine, folder) => {
      subject.writeAdd(folder, 'FP32', [1, '2..5', -1], 1);
      await withModel(engine, folder, async ({ signature, inferRequests }) => {
        const shape = [
          { min: 1, max: 1 },
          { min: 2, max: 5 },
          { min: 0, max: Number.POSITIVE_INFINITY },
        ];
        assert.deepEqual(signature.inputs, [{ name: 'b', precision: 'FP32', shape, layout: 'N...' }]);
        assert.deepEqual(
          signature.outputs.map(({ name }) => name),
          ['a'],
        );
        assert.equal(inferRequests, 1);
      });
    });

    for (const [what, reshape, shape] of reshapes) {
      check(`takes its inputs in other shapes: ${what}`, async (engine, folder) => {
        subject.writeAdd(folder, 'FP32', [1, 10], 1);
        await withModel(
          engine,
          folder,
          async (model) => {
            assert.deepEqual(model.signature.inputs[0]!.shape, shape);
            assert.deepEqual(model.signature.outputs[0]!.shape, shape);
            const sizes = shape.map(({ min }) => Math.max(2, min));
            const output = await infer(model, zeros('FP32', ...sizes));
            assert.ok(output.precision === 'FP32');
            assert.deepEqual(output.shape, sizes);
            assert.deepEqual(Buffer.from(output.data), repeat(scalar('FP32', 1), sizes[0]! * sizes[1]!));
          },
          { ...plainOptions, reshape },
        );
      });
    }

    check('says which input a shape is for that it does not have', async (engine, folder) => {
      subject.writeAdd(folder, 'FP32', [1, 10], 1);
      const reshape: Reshape = { kind: 'shapes', shapes: [{ input: 'c', shape: 'dynamic' }] };
      await assert.rejects(
        engine.load(folder, { ...plainOptions, reshape }),
        new ServingError(
          'failed-precondition',
          'Model could not be reshaped with requested shape - there is no input c; inputs: b',
        ),
      );
    });

    const nhwc = { seen: 'NHWC', own: 'NCHW' };
    const ordered = new Float32Array(8).map((_, i) => i);

    check('takes its input in another layout than its own', async (engine, folder) => {
      subject.writeAdd(folder, 'FP32', [1, 2, 1, 1], 1);
      const reshape: Reshape = { kind: 'shape', shape: [1, 2, 2, 2].map(just) };
      await withModel(
        engine,
        folder,
        async (model) => {
          const [{ shape, layout } = assert.fail()] = model.signature.inputs;
          assert.deepEqual([shape, layout], [[1, 2, 2, 2].map(just), 'NHWC']);
          const data = new Uint8Array(ordered.buffer);
          const output = await infer(model, { precision: 'FP32', shape: [1, 2, 2, 2], data });
          assert.ok(output.precision === 'FP32');
          assert.deepEqual([...new Float32Array(output.data.buffer)], [1, 3, 5, 7, 2, 4, 6, 8]);
        },
        { ...plainOptions, layouts: { kind: 'only', layout: nhwc }, reshape },
      );
    });

    check('gives its output in another layout than its own', async (engine, folder) => {
      subject.writeAdd(folder, 'FP32', [1, 2, 2, 2], 1);
      await withModel(
        engine,
        folder,
        async (model) => {
          assert.equal(model.signature.outputs[0]!.layout, 'NHWC');
          const data = new Uint8Array(ordered.buffer);
          const output = await infer(model, { precision: 'FP32', shape: [1, 2, 2, 2], data });
          assert.ok(output.precision === 'FP32');
          assert.deepEqual([...new Float32Array(output.data.buffer)], [1, 5, 2, 6, 3, 7, 4, 8]);
        },
        { ...plainOptions, layouts: { kind: 'named', layouts: [{ tensor: 'a', layout: nhwc }] } },
      );
    });

    check('takes the batch to be where the layout says', async (engine, folder) => {
      subject.writeAdd(folder, 'FP32', [10, 1], 1);
      const layouts: Layouts = { kind: 'only', layout: { seen: 'CN' } };
      await withModel(
        engine,
        folder,
        async ({ signature }) => {
          assert.deepEqual(signature.inputs[0]!.shape, [just(10), range]);
          assert.equal(signature.inputs[0]!.layout, 'CN');
        },
        { ...plainOptions, layouts, reshape: { kind: 'batch', size: range } },
      );
    });

    check('says why an input cannot have a layout', async (engine, folder) => {
      subject.writeAdd(folder, 'FP32', [1, 10], 1);
      await assert.rejects(
        engine.load(folder, { ...plainOptions, layouts: { kind: 'only', layout: { seen: 'NHWC' } } }),
        new ServingError(
          'failed-precondition',
          'Layout incompatible with given shape - Layout: NHWC; Shape: (1,10); name: b',
        ),
      );
    });

    check('tells how busy it is, and how long an inference took', async (engine, folder) => {
      subject.writeAdd(folder, 'FP32', [1], 1);
      await withModel(engine, folder, async (model) => {
        const input = zeros('FP32', 1);
        const busy = () => [model.inUse, model.waiting];
        assert.ok(Number.isInteger(model.streams) && model.streams >= 1, `${model.streams} streams`);
        assert.deepEqual(busy(), [0, 0]);
        const first = await model.infer([input], {});
        assert.ok(first.waitedMs >= 0, `waited ${first.waitedMs} ms`);
        assert.ok(first.ranMs > 0, `ran ${first.ranMs} ms`);
        const second = Promise.resolve(model.infer([input], {}));
        assert.deepEqual(busy(), [1, 1]);
        await new Promise((resolve) => setTimeout(resolve, 50));
        first.release();
        const { waitedMs, release } = await second;
        assert.ok(waitedMs >= 49, `waited ${waitedMs} ms`);
        assert.deepEqual(busy(), [1, 0]);
        release();
        assert.deepEqual(busy(), [0, 0]);
      });
    });

    check('is rehearsed like any inference, and holds nothing afterwards', async (engine, folder) => {
      subject.writeAdd(folder, 'FP32', [-1], 1);
      await withModel(engine, folder, async (model) => {
        await model.rehearse([zeros('FP32', 3)]);
        assert.equal(model.inUse, 0);
        const output = await infer(model, zeros('FP32', 2));
        assert.deepEqual(output.shape, [2]);
      });
    });

    check('computes scalars', async (engine, folder) => {
      subject.writeAdd(folder, 'FP32', [], 1);
      await withModel(engine, folder, async (model) => {
        const output = await infer(model, zeros('FP32'));
        assert.deepEqual([output.shape, output.precision === 'FP32' && [...output.data]], [[], [...scalar('FP32', 1)]]);
      });
    });

    check('takes inputs at any place in a buffer, small and large', async (engine, folder) => {
      subject.writeAdd(folder, 'I32', [-1], 1);
      await withModel(engine, folder, async (model) => {
        for (const count of [1, 1000, 100_000]) {
          const data = new Uint8Array(count * 4 + 1).subarray(1);
          const output = await infer(model, { precision: 'I32', shape: [count], data });
          assert.ok(output.precision === 'I32');
          assert.deepEqual(Buffer.from(output.data), repeat(scalar('I32', 1), count));
        }
      });
    });

    check('says why it cannot load', async (engine, folder) => {
      subject.writeBroken(folder);
      for (const directory of [folder, join(folder, 'nothing-here')]) {
        await assert.rejects(engine.load(directory, plainOptions), (error) => {
          assert.ok(error instanceof ServingError);
          assert.equal(error.code, 'failed-precondition');
          assert.match(error.message, /\w - \S/);
          return true;
        });
      }
    });

    check('loads the same model twice, and each has its own life', async (engine, folder) => {
      subject.writeAdd(folder, 'FP32', [1], 1);
      const [one, two] = await Promise.all([engine.load(folder, plainOptions), engine.load(folder, plainOptions)]);
      await one.close();
      const output = await infer(two, zeros('FP32', 1));
      assert.deepEqual(output.shape, [1]);
      await two.close();
    });

    check(
      'lets so many wait, refuses more, and forgets those who give up',
      async (engine, folder) => {
        subject.writeAdd(folder, 'FP32', [1], 1);
        await withModel(engine, folder, async (model) => {
          const input = zeros('FP32', 1);
          const first = await model.infer([input], {});
          const controller = new AbortController();
          const gone = Promise.resolve(model.infer([input], { signal: controller.signal }));
          const second = Promise.resolve(model.infer([input], {}));
          await assert.rejects(
            Promise.resolve(model.infer([input], {})),
            (error) => error instanceof ServingError && error.code === 'resource-exhausted',
          );
          controller.abort(new ServingError('deadline-exceeded', 'Deadline exceeded'));
          await assert.rejects(gone, (error) => error instanceof ServingError && error.code === 'deadline-exceeded');
          first.release();
          (await second).release();
        });
      },
      2,
    );

    check('keeps states apart, each from its beginning', async (engine, folder) => {
      subject.writeAccumulator(folder, [1, 3]);
      await withModel(engine, folder, async (model) => {
        const add = async (state: Pick<ModelState, 'infer'>, value: number) => {
          const { outputs, release } = await state.infer([filled(value, 1, 3)], {});
          const { tensor } = outputs[0]!;
          assert.ok(tensor.precision === 'FP32');
          const sums = [...new Float32Array(tensor.data.slice().buffer)];
          release();
          assert.deepEqual(sums, [sums[0], sums[0], sums[0]]);
          return sums[0];
        };
        await model.rehearse([filled(1000, 1, 3)]);
        await add(model, 1000);
        const one = await model.openState({});
        assert.deepEqual([await add(one, 1), await add(one, 2)], [1, 3]);
        const two = await model.openState({});
        assert.deepEqual([await add(two, 10), await add(one, 3), await add(two, 10)], [10, 6, 20]);
        one.close();
        const three = await model.openState({});
        assert.deepEqual([await add(three, 7), await add(two, 0)], [7, 20]);
        assert.equal(model.inUse, 0);
        three.close();
        // The other one goes with the model.
      });
    });

    check('lets inferences in states wait their turn with the others', async (engine, folder) => {
      subject.writeAccumulator(folder, [1]);
      const model = await engine.load(folder, plainOptions);
      const one = await model.openState({});
      const two = await model.openState({});
      const first = await one.infer([filled(1, 1)], {});
      const second = Promise.resolve(two.infer([filled(1, 1)], {}));
      const opening = model.openState({});
      assert.deepEqual([model.inUse, model.waiting], [1, 2]);
      first.release();
      (await second).release();
      (await opening).close();
      const last = await two.infer([filled(1, 1)], {});
      const closing = model.close();
      await assert.rejects(
        Promise.resolve(one.infer([filled(1, 1)], {})),
        (error) => error instanceof ServingError && error.code === 'version-retired',
      );
      await assert.rejects(model.openState({}), ServingError);
      last.release();
      await closing;
      two.close();
    });

    check('closes once the inferences under way are done, and begins none after', async (engine, folder) => {
      subject.writeAdd(folder, 'FP32', [1], 1);
      const model = await engine.load(folder, plainOptions);
      const input = zeros('FP32', 1);
      const inference = await model.infer([input], {});
      let closed = false;
      const closing = model.close().then(() => {
        closed = true;
      });
      await assert.rejects(Promise.resolve(model.infer([input], {})), ServingError);
      assert.equal(closed, false);
      inference.release();
      await closing;
    });
  });
}

async function withModel(
  engine: Engine,
  folder: string,
  body: (model: LoadedModel) => Promise<void>,
  options = plainOptions,
): Promise<void> {
  const model = await engine.load(folder, options);
  try {
    await body(model);
  } finally {
    await model.close();
  }
}

/** One inference; a copy of its only output. */
async function infer(model: LoadedModel, input: Tensor): Promise<Tensor> {
  const inference: Inference = await model.infer([input], {});
  const { tensor } = inference.outputs[0]!;
  const copy = tensor.precision === 'STRING' ? tensor : { ...tensor, data: tensor.data.slice() };
  inference.release();
  return copy;
}

function zeros(precision: NumericPrecision, ...shape: number[]): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  return { precision, shape, data: new Uint8Array(count * bytesPerElement[precision]) };
}

function filled(value: number, ...shape: number[]): Tensor {
  const tensor = zeros('FP32', ...shape);
  return tensor.precision === 'STRING'
    ? tensor
    : { ...tensor, data: repeat(scalar('FP32', value), tensor.data.byteLength / 4) };
}

function repeat(bytes: Uint8Array, count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => bytes));
}
