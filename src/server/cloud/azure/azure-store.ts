import type { Readable } from 'node:stream';
import { BlobServiceClient, type ContainerClient, type StoragePipelineOptions } from '@azure/storage-blob';
import type { BucketPath } from '../../model/bucket-path.ts';
import { type ObjectStore, type StoredObject, StoreError, type StoreErrorCode } from '../object-store.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Who asks comes again by itself; more tries would only hide what is wrong. */
const options: StoragePipelineOptions = {
  retryOptions: { maxTries: 2, retryDelayInMs: 500, tryTimeoutInMs: 30_000 },
};

/** What says that a pod, an app or a machine has an identity of its own. */
const identity = ['AZURE_FEDERATED_TOKEN_FILE', 'AZURE_CLIENT_ID', 'AZURE_CLIENT_SECRET', 'IDENTITY_ENDPOINT'];

/**
 * A container of Azure Blob Storage: of the account that AZURE_STORAGE_CONNECTION_STRING describes, with its key or signature; or
 * of AZURE_STORAGE_ACCOUNT, with the identity of the pod or the machine, or without any, if the container is public.
 * @throws StoreError `denied` if neither is there
 */
export async function openAzureStore(
  { bucket }: BucketPath,
  environment: Environment,
  { pageSize = 1000 }: { readonly pageSize?: number } = {},
): Promise<ObjectStore> {
  const service = await openService(environment);
  return new AzureStore(service.getContainerClient(bucket), pageSize);
}

async function openService(environment: Environment): Promise<BlobServiceClient> {
  const { AZURE_STORAGE_CONNECTION_STRING: connection, AZURE_STORAGE_ACCOUNT: account } = environment;
  if (connection) {
    try {
      return BlobServiceClient.fromConnectionString(connection, options);
    } catch (error) {
      const { message } = error as Error;
      throw new StoreError('denied', `AZURE_STORAGE_CONNECTION_STRING: ${message}`, { cause: error });
    }
  }
  if (!account) {
    const text = 'no account is known: AZURE_STORAGE_CONNECTION_STRING or AZURE_STORAGE_ACCOUNT must be set';
    throw new StoreError('denied', text);
  }
  const url = `https://${account}.blob.core.windows.net`;
  if (!identity.some((name) => environment[name])) return new BlobServiceClient(url, undefined, options);
  const { DefaultAzureCredential } = await import('@azure/identity');
  return new BlobServiceClient(url, new DefaultAzureCredential(), options);
}

class AzureStore implements ObjectStore {
  readonly #container: ContainerClient;
  readonly #pageSize: number;

  constructor(container: ContainerClient, pageSize: number) {
    this.#container = container;
    this.#pageSize = pageSize;
  }

  async *list(prefix: string, { signal }: { readonly signal: AbortSignal }): AsyncGenerator<StoredObject> {
    signal.throwIfAborted();
    try {
      // Accounts with hierarchical namespaces list their folders as well, which only their metadata tell from blobs.
      const blobs = this.#container.listBlobsFlat({ prefix, includeMetadata: true, abortSignal: signal });
      for await (const page of blobs.byPage({ maxPageSize: this.#pageSize })) {
        for (const { name, properties, metadata } of page.segment.blobItems) {
          if (metadata?.hdi_isfolder === 'true') continue;
          const { contentLength = 0, etag, lastModified } = properties;
          yield { key: name, size: contentLength, tag: etag, modifiedAt: lastModified.getTime() };
        }
      }
    } catch (error) {
      signal.throwIfAborted();
      throw storeError(error as AzureFailure);
    }
  }

  async read({ key, tag }: StoredObject, { signal }: { readonly signal: AbortSignal }): Promise<Readable> {
    signal.throwIfAborted();
    try {
      const ifMatch = tag.startsWith('"') ? tag : `"${tag}"`;
      const blob = this.#container.getBlobClient(key);
      const { readableStreamBody } = await blob.download(0, undefined, {
        abortSignal: signal,
        conditions: { ifMatch },
      });
      return readableStreamBody as Readable;
    } catch (error) {
      signal.throwIfAborted();
      throw storeError(error as AzureFailure);
    }
  }

  close(): void {}
}

interface AzureFailure extends Error {
  readonly statusCode?: number;
  readonly code?: string;
}

const codes: Readonly<Record<string, StoreErrorCode>> = {
  ContainerNotFound: 'not-found',
  BlobNotFound: 'changed',
  ConditionNotMet: 'changed',
};
const byStatus: Readonly<Record<number, StoreErrorCode>> = {
  401: 'denied',
  403: 'denied',
  404: 'not-found',
  412: 'changed',
};

function storeError(error: AzureFailure): StoreError {
  const { code = '', statusCode = 0 } = error;
  // The SDK's texts go on with the request's id and the time, which would make a new one of each.
  const message = error.message.split('\n')[0]!;
  const text = code && !message.includes(code) ? `${code}: ${message}` : message;
  return new StoreError(codes[code] ?? byStatus[statusCode] ?? 'unavailable', text, { cause: error });
}
