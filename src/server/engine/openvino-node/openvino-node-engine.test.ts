import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { engineSuite } from '../../../../test/suites/engine-suite.ts';
import { accumulatorModel, addModel } from '../../../../test/support/ir-model.ts';
import { loadAddon } from './addon.ts';
import { createOpenVinoNodeEngine } from './openvino-node-engine.ts';

const missing = await loadAddon().then(
  () => undefined,
  (error: Error) =>
    `the openvino-node package cannot be loaded: ${error.message.split('\n')[0]!.replace(/ imported from .*/, '')}`,
);
const lacking = 'openvino-node has no such element type';

engineSuite({
  name: 'openvino-node',
  create: createOpenVinoNodeEngine,
  writeAdd: (folder, precision, shape, addend) => addModel(precision, shape, addend).write(folder),
  writeAccumulator: (folder, shape) => accumulatorModel('FP32', shape).write(folder),
  writeBroken(folder) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'model.xml'), '<net>no model</net>');
  },
  skip: missing,
  skips: { 'computes in FP16, to the bit': lacking, 'computes in BF16, to the bit': lacking },
});
