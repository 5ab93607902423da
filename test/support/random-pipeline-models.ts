import { addModel, IrModel, scalar } from './ir-model.ts';
import { spreadCounts } from './random-pipeline.ts';

const attributes = { auto_broadcast: 'numpy' };
const flat = [1, 2];

/** The models that random pipelines are made of. */
export function randomPipelineModels(): Record<string, IrModel> {
  return {
    add: addModel('FP32', flat, 1),
    times: timesModel(2),
    total: totalModel(),
    sum: binaryModel('Add'),
    product: binaryModel('Multiply'),
    ...Object.fromEntries(
      spreadCounts.flatMap((count) => [
        [`spread${count}`, spreadModel(count)],
        [`fold${count}`, foldModel(count)],
      ]),
    ),
  };
}

function timesModel(factor: number): IrModel {
  const model = new IrModel();
  const b = model.input('b', 'FP32', flat);
  const constant = model.constant('FP32', [], scalar('FP32', factor));
  return model.output(model.operation('Multiply', [b, constant], { attributes, name: 'a' }));
}

function binaryModel(type: string): IrModel {
  const model = new IrModel();
  const x = model.input('x', 'FP32', flat);
  const y = model.input('y', 'FP32', flat);
  return model.output(model.operation(type, [x, y], { attributes, name: 'a' }));
}

/** `a` [1, 1]: the sum of `b`. */
function totalModel(): IrModel {
  const model = new IrModel();
  const b = model.input('b', 'FP32', flat);
  const axes = model.constant('I64', [1], scalar('I64', 1));
  const options = { attributes: { keep_dims: 'true' }, shape: [1, 1], name: 'a' };
  return model.output(model.operation('ReduceSum', [b, axes], options));
}

/** `a` [count, 1, 2]: `b` + the number of the shard. */
function spreadModel(count: number): IrModel {
  const model = new IrModel();
  const b = model.input('b', 'FP32', flat);
  const numbers = Buffer.concat(Array.from({ length: count }, (_, i) => scalar('FP32', i)));
  const constant = model.constant('FP32', [count, 1, 1], numbers);
  return model.output(model.operation('Add', [b, constant], { attributes, shape: [count, ...flat], name: 'a' }));
}

/** `a` = the sum of `b` [count, 1, 2] over its first dimension. */
function foldModel(count: number): IrModel {
  const model = new IrModel();
  const b = model.input('b', 'FP32', [count, ...flat]);
  const axes = model.constant('I64', [1], scalar('I64', 0));
  const options = { attributes: { keep_dims: 'false' }, shape: flat, name: 'a' };
  return model.output(model.operation('ReduceSum', [b, axes], options));
}
