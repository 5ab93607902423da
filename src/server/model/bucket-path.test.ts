import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isBucketPath, readBucketPath } from './bucket-path.ts';

const read: readonly [basePath: string, path: object][] = [
  ['s3://models/digits', { cloud: 's3', bucket: 'models', prefix: 'digits/' }],
  ['s3://models/a/b/', { cloud: 's3', bucket: 'models', prefix: 'a/b/' }],
  ['s3://models', { cloud: 's3', bucket: 'models', prefix: '' }],
  ['s3://models/', { cloud: 's3', bucket: 'models', prefix: '' }],
  [
    's3://minio.local:9000/models/digits',
    { cloud: 's3', host: 'minio.local:9000', bucket: 'models', prefix: 'digits/' },
  ],
  ['gs://my_models.example/digits', { cloud: 'gs', bucket: 'my_models.example', prefix: 'digits/' }],
  ['az://$root/digits', { cloud: 'az', bucket: '$root', prefix: 'digits/' }],
];
for (const [basePath, path] of read) {
  test(`${basePath} is read`, () => {
    assert.equal(isBucketPath(basePath), true);
    assert.deepEqual(readBucketPath(basePath), path);
  });
}

const refused: readonly [basePath: string, problem: RegExp][] = [
  ['azfs://share/digits', /^Azure file shares are not supported; mount .* instead of azfs:\/\/share\/digits$/],
  ['azure://container/digits', /^expected az:\/\/container\/path, which .*, got azure:/],
  ['hf://owner/model', /^expected a folder, or .*, got hf:\/\/owner\/model$/],
  ['s3://', /^expected s3:\/\/bucket\/path, got s3:\/\/$/],
  ['az:///x', /^expected az:\/\/container\/path, got az:\/\/\/x$/],
  ['gs://host:443/bucket/x', /^expected gs:\/\/bucket\/path/],
  ['s3://host:9000', /^expected s3:\/\/bucket\/path/],
  ['s3://models/../x', /^"\.", "\.\." and empty folders are not allowed/],
  ['s3://models//x', /empty folders are not allowed/],
  ['s3://models/./x', /not allowed in a path/],
  ['s3://models/a\nb', /not allowed in a path/],
];
for (const [basePath, problem] of refused) {
  test(`${JSON.stringify(basePath)} is refused`, () => {
    const found = readBucketPath(basePath);
    assert.equal(typeof found, 'string');
    assert.match(found as string, problem);
  });
}

test('folders are no bucket paths', () => {
  for (const folder of ['/models', 'models/digits', 'C:/models', './s3:/x', ''])
    assert.equal(isBucketPath(folder), false);
});
