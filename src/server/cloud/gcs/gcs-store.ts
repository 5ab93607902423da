import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { type Bucket, type GetFilesResponse, Storage } from '@google-cloud/storage';
import type { BucketPath } from '../../model/bucket-path.ts';
import { type ObjectStore, type StoredObject, StoreError, type StoreErrorCode } from '../object-store.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Who asks comes again by itself; more tries would only hide what is wrong. */
const retryOptions = { autoRetry: true, maxRetries: 2, totalTimeout: 30 };

/**
 * A bucket of Google Cloud Storage. Credentials are Google's application default credentials: the file that
 * GOOGLE_APPLICATION_CREDENTIALS names, gcloud's, or those of the machine or the Kubernetes service account. Where there are none
 * the SDK asks without, and the bucket must be public.
 */
export async function openGcsStore(
  { bucket }: BucketPath,
  environment: Environment,
  { pageSize = 1000 }: { readonly pageSize?: number } = {},
): Promise<ObjectStore> {
  const apiEndpoint = environment.GCS_ENDPOINT;
  const useAuthWithCustomEndpoint = Boolean(environment.GOOGLE_APPLICATION_CREDENTIALS);
  const options = apiEndpoint ? { apiEndpoint, useAuthWithCustomEndpoint } : {};
  return new GcsStore(new Storage({ retryOptions, ...options }).bucket(bucket), pageSize);
}

class GcsStore implements ObjectStore {
  readonly #bucket: Bucket;
  readonly #pageSize: number;

  constructor(bucket: Bucket, pageSize: number) {
    this.#bucket = bucket;
    this.#pageSize = pageSize;
  }

  async *list(prefix: string, { signal }: { readonly signal: AbortSignal }): AsyncGenerator<StoredObject> {
    let query: object | null = { prefix, maxResults: this.#pageSize, autoPaginate: false };
    while (query) {
      const page: GetFilesResponse = await told(signal, this.#bucket.getFiles(query));
      const [files, next] = page;
      for (const { name, metadata } of files) {
        const modifiedAt = Date.parse(metadata.updated ?? '') || 0;
        yield { key: name, size: Number(metadata.size ?? 0), tag: String(metadata.generation), modifiedAt };
      }
      query = next;
    }
  }

  async read({ key, tag }: StoredObject, { signal }: { readonly signal: AbortSignal }): Promise<Readable> {
    signal.throwIfAborted();
    // As it is stored: what is listed is the size of that.
    const stream = this.#bucket.file(key, { generation: tag }).createReadStream({ decompress: false });
    try {
      await once(stream, 'readable', { signal });
      return stream;
    } catch (error) {
      stream.on('error', () => {});
      stream.destroy();
      signal.throwIfAborted();
      throw storeError(error as GcsFailure, 'changed');
    }
  }

  close(): void {}
}

/** The SDK takes no signal: what comes too late is not looked at. */
function told<T>(signal: AbortSignal, answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    answer
      .then(resolve, (error) => reject(storeError(error, 'not-found')))
      .finally(() => signal.removeEventListener('abort', abort));
  });
}

interface GcsFailure extends Error {
  readonly code?: number | string;
}

function storeError(error: GcsFailure, missing: StoreErrorCode): StoreError {
  const { code, message } = error;
  const text = code === undefined ? message : `${code}: ${message}`;
  if (code === 404) return new StoreError(missing, text, { cause: error });
  const denied = code === 401 || code === 403 || /default credentials/.test(message);
  return new StoreError(denied ? 'denied' : 'unavailable', text, { cause: error });
}
