import { StoreError } from '../../src/server/cloud/object-store.ts';
import { objectStoreSuite } from '../suites/object-store-suite.ts';
import { FakeObjectStore } from './fake-object-store.ts';

objectStoreSuite('in memory', async () => {
  const store = new FakeObjectStore();
  const missing = new FakeObjectStore();
  missing.down = new StoreError('not-found', 'there is no such bucket');
  return {
    store,
    missing,
    put: async (key, bytes) => store.put(key, bytes),
    delete: async (key) => store.delete(key),
    close: async () => store.close(),
  };
});
