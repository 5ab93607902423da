import { after, before } from 'node:test';
import { type ControlPlane, startControlPlane } from '../control-plane.ts';
import { childrenSuite } from './children-suite.ts';
import { CrdApi } from './crd-api.ts';
import { lifeSuite } from './life-suite.ts';
import { validationSuite } from './validation-suite.ts';

let plane: ControlPlane;
let crd: CrdApi;

before(async () => {
  plane = await startControlPlane({ name: 'crd' });
  crd = await CrdApi.open(plane);
});

after(async () => {
  crd?.close();
  await plane?.stop();
});

validationSuite(() => crd);
lifeSuite(() => crd);
childrenSuite(() => crd);
