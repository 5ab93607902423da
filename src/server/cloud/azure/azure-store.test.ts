import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoreError } from '../object-store.ts';
import { openAzureStore } from './azure-store.ts';

const refused: readonly [environment: Record<string, string>, message: RegExp][] = [
  [{}, /^no account is known: AZURE_STORAGE_CONNECTION_STRING or AZURE_STORAGE_ACCOUNT must be set$/],
  [{ AZURE_STORAGE_CONNECTION_STRING: 'nonsense' }, /^AZURE_STORAGE_CONNECTION_STRING: \w/],
];
for (const [environment, message] of refused) {
  test(`${JSON.stringify(environment)} opens no container`, async () => {
    await assert.rejects(openAzureStore({ cloud: 'az', bucket: 'c', prefix: '' }, environment), (error) => {
      assert.ok(error instanceof StoreError && error.code === 'denied');
      assert.match(error.message, message);
      return true;
    });
  });
}
