import { existsSync } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { GetObjectCommand, ListObjectsV2Command, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { BucketPath } from '../../model/bucket-path.ts';
import { type ObjectStore, type StoredObject, StoreError, type StoreErrorCode } from '../object-store.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const connectionTimeoutMs = 10_000;
const answerTimeoutMs = 30_000;

/** Where the AWS SDK finds credentials that somebody means to be used. */
const meant = [
  'AWS_ACCESS_KEY_ID',
  'AWS_PROFILE',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_SHARED_CREDENTIALS_FILE',
];

/**
 * A bucket of Amazon S3, or of what speaks its protocol. Credentials are those of the AWS SDK's usual chain: the environment,
 * profiles, a Kubernetes service account's role, the machine's role. Where there are none the bucket must be public.
 */
export async function openS3Store(
  path: BucketPath,
  environment: Environment,
  { pageSize = 1000 }: { readonly pageSize?: number } = {},
): Promise<ObjectStore> {
  const config = s3Config(path, environment);
  const client = new S3Client(config);
  const store = (ofWhom: S3Client, how: string) => new S3Store(ofWhom, path.bucket, how, pageSize);
  if (isMeant(environment)) return store(client, 'with the credentials that were given');
  try {
    await client.config.credentials();
    return store(client, "with the machine's credentials");
  } catch {
    client.destroy();
    return store(new S3Client({ ...config, ...anonymous }), 'without credentials, since none were found');
  }
}

/** What follows from the path and the environment; credentials that are not in the environment itself are the chain's to find. */
export function s3Config({ host }: BucketPath, environment: Environment): S3ClientConfig {
  const named = environment.S3_ENDPOINT || host;
  const endpoint = named === undefined || /^https?:\/\//.test(named) ? named : `https://${named}`;
  const region = environment.AWS_REGION || environment.AWS_DEFAULT_REGION || undefined;
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN } = environment;
  const proxyEnv = { ...environment };
  return {
    // Where nothing names a region, the first answer does.
    ...(region === undefined && environment.AWS_PROFILE ? {} : { region: region ?? 'us-east-1' }),
    followRegionRedirects: true,
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(accessKeyId && secretAccessKey
      ? { credentials: { accessKeyId, secretAccessKey, ...(AWS_SESSION_TOKEN && { sessionToken: AWS_SESSION_TOKEN }) } }
      : {}),
    requestHandler: {
      connectionTimeout: connectionTimeoutMs,
      requestTimeout: answerTimeoutMs,
      throwOnRequestTimeout: true,
      httpAgent: new HttpAgent({ keepAlive: true, proxyEnv }),
      httpsAgent: new HttpsAgent({ keepAlive: true, proxyEnv }),
    },
  };
}

function isMeant(environment: Environment): boolean {
  return meant.some((name) => environment[name]) || existsSync(join(homedir(), '.aws', 'credentials'));
}

const anonymous: S3ClientConfig = {
  credentials: { accessKeyId: 'nobody', secretAccessKey: 'nothing' },
  signer: { sign: async (request) => request },
};

class S3Store implements ObjectStore {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #how: string;
  readonly #pageSize: number;

  /** @param how it knows who asks, for texts */
  constructor(client: S3Client, bucket: string, how: string, pageSize: number) {
    this.#client = client;
    this.#bucket = bucket;
    this.#how = how;
    this.#pageSize = pageSize;
  }

  async *list(prefix: string, { signal }: { readonly signal: AbortSignal }): AsyncGenerator<StoredObject> {
    let token: string | undefined;
    do {
      const at = { Bucket: this.#bucket, Prefix: prefix, ContinuationToken: token, MaxKeys: this.#pageSize };
      const command = new ListObjectsV2Command(at);
      const page = await this.#told(signal, () => this.#client.send(command, { abortSignal: signal }));
      for (const { Key, Size, ETag, LastModified } of page.Contents ?? []) {
        if (Key !== undefined) {
          yield { key: Key, size: Size ?? 0, tag: ETag ?? '', modifiedAt: LastModified?.getTime() ?? 0 };
        }
      }
      token = page.NextContinuationToken;
    } while (token !== undefined);
  }

  async read({ key, tag }: StoredObject, { signal }: { readonly signal: AbortSignal }): Promise<Readable> {
    const command = new GetObjectCommand({ Bucket: this.#bucket, Key: key, IfMatch: tag });
    const { Body } = await this.#told(signal, () => this.#client.send(command, { abortSignal: signal }));
    return Body as Readable;
  }

  close(): void {
    this.#client.destroy();
  }

  async #told<T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    try {
      return await ask();
    } catch (error) {
      signal.throwIfAborted();
      throw this.#storeError(error as S3Failure);
    }
  }

  #storeError(error: S3Failure): StoreError {
    const { name, message, $metadata } = error;
    const code = codes[name] ?? byStatus[$metadata?.httpStatusCode ?? 0] ?? 'unavailable';
    const text = [name, message].filter((part) => part && part !== 'UnknownError' && part !== 'Error').join(': ');
    return new StoreError(code, code === 'denied' ? `${text}, asked ${this.#how}` : text, { cause: error });
  }
}

interface S3Failure extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number };
}

const codes: Readonly<Record<string, StoreErrorCode>> = {
  NoSuchBucket: 'not-found',
  NoSuchKey: 'changed',
  PreconditionFailed: 'changed',
  CredentialsProviderError: 'denied',
};
const byStatus: Readonly<Record<number, StoreErrorCode>> = {
  401: 'denied',
  403: 'denied',
  404: 'not-found',
  412: 'changed',
};
