import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAzureStore } from '../../src/server/cloud/azure/azure-store.ts';
import { openGcsStore } from '../../src/server/cloud/gcs/gcs-store.ts';
import { openS3Store } from '../../src/server/cloud/s3/s3-store.ts';
import { readBucketPath } from '../../src/server/model/bucket-path.ts';
import { objectStoreSuite } from '../suites/object-store-suite.ts';
import { clouds } from './emulated-clouds.ts';

const openers = { s3: openS3Store, gs: openGcsStore, az: openAzureStore };

for (const kind of clouds) {
  const open = async () => {
    const folder = mkdtempSync(join(tmpdir(), 'modelserver-test-'));
    const cloud = await kind.open(folder);
    const storeAt = (basePath: string) => {
      const path = readBucketPath(basePath);
      if (typeof path === 'string') throw new Error(path);
      return openers[path.cloud](path, cloud.environment, { pageSize: 10 });
    };
    const store = await storeAt(cloud.bucket);
    const missing = await storeAt(`${cloud.bucket}-of-nobody`);
    return {
      store,
      missing,
      put: cloud.put,
      delete: cloud.delete,
      async close() {
        store.close();
        missing.close();
        await cloud.stop();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  };
  objectStoreSuite(`of ${kind.name}`, open, { skip: kind.missing, skips: kind.skips });
}
