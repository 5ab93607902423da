import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NumericPrecision } from '../../src/server/model/tensor.ts';
import { addModel, IrModel, identityModel, scalar } from './ir-model.ts';

/** KServe's names of the element types that have arithmetic. */
export const datatypes: Readonly<Record<Exclude<NumericPrecision, 'BOOL'>, string>> = {
  FP32: 'FP32',
  FP64: 'FP64',
  FP16: 'FP16',
  BF16: 'BF16',
  I8: 'INT8',
  I16: 'INT16',
  I32: 'INT32',
  I64: 'INT64',
  U8: 'UINT8',
  U16: 'UINT16',
  U32: 'UINT32',
  U64: 'UINT64',
};

/** Texts as rows of bytes, as they are: `a_string` = `b`. */
export function rowsModel(): IrModel {
  const model = new IrModel();
  const b = model.input('b', 'U8', [-1, -1]);
  const attributes = { auto_broadcast: 'numpy' };
  const zero = model.constant('U8', [], scalar('U8', 0));
  return model.output(model.operation('Add', [b, zero], { attributes, name: 'a_string' }));
}

/** Two inputs and outputs: `a` = `b` + 1, `d` = `c`, where that is positive. */
export function twoInputs(): IrModel {
  const model = addModel('FP32', [1, 2]);
  const c = model.input('c', 'FP32', [1, 2]);
  return model.output(model.operation('Relu', [c], { name: 'd' }));
}

/** Whatever a protocol has to carry: `add_TYPE` (by KServe's names) is `a` = `b` + 1, `texts` and `flags` are `a` = `b`. */
export function protocolModels(): Record<string, IrModel> {
  const each = Object.entries(datatypes) as [keyof typeof datatypes, string][];
  return {
    texts: identityModel('STRING'),
    flags: identityModel('BOOL'),
    rows: rowsModel(),
    two: twoInputs(),
    ...Object.fromEntries(each.map(([precision, datatype]) => [`add_${datatype}`, addModel(precision, [-1, 3])])),
  };
}

/**
 * Writes models and a config file that has them.
 * @param more entries of the config file beside theirs
 * @returns the path of the config file
 */
export function writeModels(folder: string, models: Readonly<Record<string, IrModel>>, more: readonly object[] = []) {
  for (const [name, model] of Object.entries(models)) model.write(join(folder, name, '1'));
  const own = Object.keys(models).map((name) => ({ name, base_path: name }));
  const list = [...own, ...more].map((config) => ({ config }));
  const path = join(folder, 'config.json');
  writeFileSync(path, JSON.stringify({ model_config_list: list }));
  return path;
}
