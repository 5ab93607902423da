import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configRevision } from './config-revision.ts';

test('the revision of a text stays what it is, and every character counts', () => {
  const text = '{ "model_config_list": [] }\n';
  assert.equal(configRevision(text), '8908cf8cdf');
  for (const other of [text.trim(), `${text}\n`, `\ufeff${text}`, '{"model_config_list": [] }\n', '']) {
    assert.notEqual(configRevision(other), configRevision(text), JSON.stringify(other));
  }
});
