import assert from 'node:assert/strict';
import { Exposition } from './exposition.ts';

/** What the server gives at /metrics, held against the rules of the format. */
export async function scrape(port: number): Promise<Exposition> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  const text = await response.text();
  assert.equal(response.status, 200, text);
  assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  return new Exposition(text);
}
