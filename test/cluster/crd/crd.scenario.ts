import { execFile } from 'node:child_process';
import { after, before } from 'node:test';
import { promisify } from 'node:util';
import { CrdApi } from './crd-api.ts';
import { lifeSuite } from './life-suite.ts';
import { validationSuite } from './validation-suite.ts';

let crd: CrdApi;

before(async () => {
  const kubeconfig = process.env.KUBECONFIG!;
  const run = promisify(execFile);
  crd = await CrdApi.open({
    kubeconfig,
    kubectl: async (parameters) => (await run(process.env.KUBECTL ?? 'kubectl', parameters)).stdout,
  });
});

after(() => crd.close());

validationSuite(() => crd);
lifeSuite(() => crd);
