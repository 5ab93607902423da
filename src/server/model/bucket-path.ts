/** A folder in an object store, as a base path names it. */
export interface BucketPath {
  readonly cloud: 's3' | 'gs' | 'az';
  /** `host:port` of an S3 that is not Amazon's, where the path names it. */
  readonly host?: string;
  /** Of Azure: the container. */
  readonly bucket: string;
  /** What the keys of all objects in the folder begin with: empty, or it ends in `/`. */
  readonly prefix: string;
}

const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//;
const clouds: Readonly<Record<string, BucketPath['cloud']>> = { s3: 's3', gs: 'gs', az: 'az' };
/** As OpenVINO Model Server has it: a host with its port before the bucket. */
const hostAndPort = /^[0-9A-Za-z.-]+:\d{1,5}$/;
const bucketName = /^[0-9A-Za-z$][0-9A-Za-z._-]*$/;

/** Whether a base path names something that is not a folder of a file system. */
export function isBucketPath(basePath: string): boolean {
  return scheme.test(basePath);
}

/**
 * Reads `s3://bucket/path`, `s3://host:port/bucket/path`, `gs://bucket/path` or `az://container/path`.
 * @returns a text that says what is wrong, if it is none of these
 */
export function readBucketPath(basePath: string): BucketPath | string {
  const named = scheme.exec(basePath)?.[1] ?? '';
  const cloud = clouds[named];
  if (!cloud) return `${reasons[named] ?? unknownScheme} ${basePath}`;
  const parts = basePath.slice(named.length + '://'.length).split('/');
  const host = cloud === 's3' && hostAndPort.test(parts[0]!) ? parts.shift() : undefined;
  const [bucket = '', ...folders] = parts;
  if (!bucketName.test(bucket)) {
    return `expected ${cloud}://${cloud === 'az' ? 'container' : 'bucket'}/path, got ${basePath}`;
  }
  while (folders.at(-1) === '') folders.pop();
  if (folders.some((folder) => folder === '' || folder === '.' || folder === '..' || hasControls(folder))) {
    return `".", ".." and empty folders are not allowed in a path: ${basePath}`;
  }
  const prefix = folders.map((folder) => `${folder}/`).join('');
  return host === undefined ? { cloud, bucket, prefix } : { cloud, host, bucket, prefix };
}

const unknownScheme = 'expected a folder, or a path that begins with s3://, gs:// or az://, got';
const reasons: Readonly<Record<string, string>> = {
  azfs: 'Azure file shares are not supported; mount the share as a volume and give its folder instead of',
  azure: 'expected az://container/path, which is Azure Blob Storage, got',
};

/** Whether a text has control characters, which no path of a file may have. */
export function hasControls(text: string): boolean {
  return /\p{Cc}/u.test(text);
}
