import assert from 'node:assert/strict';
import { test } from 'node:test';
import { remark } from './expiry-log.ts';

const hour = 3_600_000;
const day = 24 * hour;

const table: readonly [lifetime: number, left: number, said: RegExp][] = [
  [90 * day, 90 * day, /^$/],
  [90 * day, 7 * day + 1, /^$/],
  [90 * day, 7 * day, /expires soon/],
  [90 * day, 1, /expires soon/],
  [90 * day, 0, /has expired/],
  [90 * day, -day, /has expired/],
  [90 * day, 90 * day + 1, /not valid yet/],
  [10 * hour, 2 * hour + 1, /^$/],
  [10 * hour, 2 * hour, /expires soon/],
];

for (const [lifetime, left, said] of table) {
  test(`of a certificate for ${lifetime / hour} h with ${left / hour} h left is said ${said}`, () => {
    assert.match(remark({ validFrom: 1000, expiresAt: 1000 + lifetime }, 1000 + lifetime - left), said);
  });
}
