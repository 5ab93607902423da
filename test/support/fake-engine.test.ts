import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { engineSuite } from '../suites/engine-suite.ts';
import { FakeEngine, writeFakeModel } from './fake-engine.ts';

engineSuite({
  name: 'fake',
  create: async ({ mostWaiting }) => new FakeEngine(mostWaiting),
  writeAdd: (folder, precision, shape, addend) => writeFakeModel(folder, { precision, shape, addend }),
  writeAccumulator: (folder, shape) => writeFakeModel(folder, { precision: 'FP32', shape, addend: 0, keeps: true }),
  writeBroken(folder) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'model.json'), 'no model');
  },
  skips: {
    'takes its input in another layout than its own': 'the fake transposes nothing',
    'gives its output in another layout than its own': 'the fake transposes nothing',
  },
});
