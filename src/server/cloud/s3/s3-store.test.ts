import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { startHttpServer } from '../../../../test/support/http-server.ts';
import type { BucketPath } from '../../model/bucket-path.ts';
import { StoreError } from '../object-store.ts';
import { openS3Store, s3Config } from './s3-store.ts';

// The SDK's chain asks the machine last, which is no part of the test, and looks into the process's own environment.
process.env.AWS_EC2_METADATA_DISABLED = 'true';
for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE']) delete process.env[name];

const path: BucketPath = { cloud: 's3', bucket: 'b', prefix: '' };
const atHost: BucketPath = { ...path, host: 'minio.example:9000' };

const endpoints: readonly [what: string, path: BucketPath, environment: Record<string, string>, endpoint: unknown][] = [
  ["Amazon's own", path, {}, undefined],
  ['a host in the path', atHost, {}, 'https://minio.example:9000'],
  ['S3_ENDPOINT', path, { S3_ENDPOINT: 'http://here:1' }, 'http://here:1'],
  ['S3_ENDPOINT without a scheme', path, { S3_ENDPOINT: 'here:1' }, 'https://here:1'],
  ['S3_ENDPOINT before a host in the path', atHost, { S3_ENDPOINT: 'http://here:1' }, 'http://here:1'],
];
for (const [what, from, environment, endpoint] of endpoints) {
  test(`the endpoint is ${what}`, () => {
    const { endpoint: found, forcePathStyle } = s3Config(from, environment);
    assert.deepEqual([found, forcePathStyle], [endpoint, endpoint === undefined ? undefined : true]);
  });
}

test('keys, session and region come from the environment', () => {
  const keys = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret', AWS_SESSION_TOKEN: 'token' };
  const { credentials, region } = s3Config(path, { ...keys, AWS_REGION: 'eu-central-1' });
  assert.deepEqual(credentials, { accessKeyId: 'id', secretAccessKey: 'secret', sessionToken: 'token' });
  assert.equal(region, 'eu-central-1');
  assert.equal(s3Config(path, keys).region, 'us-east-1');
});

/** A store that denies everything, and remembers how it was asked. */
async function denying(t: TestContext) {
  const asked: (string | undefined)[] = [];
  const { url } = await startHttpServer(t, (request, response) => {
    asked.push(request.headers.authorization);
    response.writeHead(403, { 'content-type': 'application/xml' });
    response.end('<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>');
  });
  return { asked, environment: { S3_ENDPOINT: url.origin, HOME: '/nowhere', no_proxy: '127.0.0.1' } };
}

const never = new AbortController().signal;

test('with keys, requests are signed', async (t) => {
  const { asked, environment } = await denying(t);
  const keys = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' };
  const store = await openS3Store(path, { ...environment, ...keys });
  t.after(() => store.close());
  await assert.rejects(store.list('', { signal: never })[Symbol.asyncIterator]().next(), (error) => {
    assert.ok(error instanceof StoreError && error.code === 'denied');
    assert.equal(error.message, 'AccessDenied: Access Denied, asked with the credentials that were given');
    return true;
  });
  assert.match(asked[0]!, /^AWS4-HMAC-SHA256 Credential=id\//);
});

test('where no credentials are found, requests bear none, and a refusal says so', async (t) => {
  const { asked, environment } = await denying(t);
  const store = await openS3Store(path, environment);
  t.after(() => store.close());
  await assert.rejects(store.list('', { signal: never })[Symbol.asyncIterator]().next(), (error) => {
    assert.ok(error instanceof StoreError && error.code === 'denied');
    assert.equal(error.message, 'AccessDenied: Access Denied, asked without credentials, since none were found');
    return true;
  });
  assert.deepEqual(asked, [undefined]);
});

test('a proxy is asked instead, where there is one for such addresses', async (t) => {
  const asked: (string | undefined)[] = [];
  const { url } = await startHttpServer(t, (request, response) => {
    asked.push(request.url);
    response.writeHead(200, { 'content-type': 'application/xml' });
    response.end(
      '<ListBucketResult><Contents><Key>k</Key><Size>3</Size><ETag>"e"</ETag></Contents></ListBucketResult>',
    );
  });
  const keys = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' };
  const store = await openS3Store(path, { ...keys, S3_ENDPOINT: 'http://store.invalid', http_proxy: url.origin });
  t.after(() => store.close());
  const { value } = await store.list('p/', { signal: never })[Symbol.asyncIterator]().next();
  assert.deepEqual(value, { key: 'k', size: 3, tag: '"e"', modifiedAt: 0 });
  assert.match(asked[0]!, /^http:\/\/store\.invalid\/b\/?\?/);
});
