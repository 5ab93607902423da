import { join } from 'node:path';
import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { BlobServiceClient } from '@azure/storage-blob';
import { Storage } from '@google-cloud/storage';
import { Emulator } from '../support/emulator.ts';
import { packagesOf } from '../support/npm.ts';
import { pythonWith } from '../support/python.ts';
import { freePort } from '../support/server.ts';

/** A cloud on this machine, with one bucket. */
export interface EmulatedCloud {
  /** What the server is told of it by its environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** The bucket, as base paths begin: `s3://models`. */
  readonly bucket: string;
  put(key: string, bytes: Uint8Array): Promise<void>;
  delete(key: string): Promise<void>;
  /** It goes, as when its network does; what is in it stays. */
  stop(): Promise<void>;
  /** At the same address. */
  start(): Promise<void>;
}

export interface CloudKind {
  readonly name: string;
  /** Why it cannot be had on this machine. */
  readonly missing: string | false;
  /** Cases of the suite that its emulator does not play, and why. */
  readonly skips?: Readonly<Record<string, string>>;
  /** @param folder that it may use */
  open(folder: string): Promise<EmulatedCloud>;
}

const python = pythonWith('test/cloud/requirements.txt');
const azurite = packagesOf('test/cloud/azurite');
const pythonMissing = 'missing' in python ? python.missing : false;
const programs = 'python' in python ? join(python.python, '..') : '';
const withoutProxy = { no_proxy: '127.0.0.1', NO_PROXY: '127.0.0.1' };

export const clouds: readonly CloudKind[] = [
  { name: 's3', missing: pythonMissing, open: openS3 },
  {
    name: 'gs',
    missing: pythonMissing,
    open: openGcs,
    skips: { 'does not give out what is there now for what was listed': 'the emulator looks at no generation' },
  },
  { name: 'az', missing: 'missing' in azurite ? azurite.missing : false, open: openAzure },
];

/** Moto keeps all in memory: what it had is put again when it comes back. */
async function openS3(): Promise<EmulatedCloud> {
  const port = await freePort();
  const moto = new Emulator(
    join(programs, 'python'),
    ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)],
    port,
  );
  const endpoint = `http://127.0.0.1:${port}`;
  const credentials = { accessKeyId: 'tester', secretAccessKey: 'secret' };
  const client = new S3Client({ endpoint, credentials, region: 'eu-central-1', forcePathStyle: true });
  const Bucket = 'models';
  const objects = new Map<string, Uint8Array>();
  const put = async (Key: string, Body: Uint8Array) => {
    objects.set(Key, Body);
    await client.send(new PutObjectCommand({ Bucket, Key, Body }));
  };
  const start = async () => {
    await moto.start();
    const CreateBucketConfiguration = { LocationConstraint: 'eu-central-1' } as const;
    await client.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration }));
    for (const [key, bytes] of objects) await put(key, bytes);
  };
  await opened(moto, start);
  return {
    environment: {
      ...withoutProxy,
      S3_ENDPOINT: endpoint,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_REGION: 'eu-central-1',
    },
    bucket: `s3://${Bucket}`,
    put,
    async delete(Key) {
      objects.delete(Key);
      await client.send(new DeleteObjectCommand({ Bucket, Key }));
    },
    stop: () => moto.stop(),
    start,
  };
}

async function openGcs(folder: string): Promise<EmulatedCloud> {
  const port = await freePort();
  const flags = ['--data-dir', folder, 'start', '--host', '127.0.0.1', '--port', String(port), '--quiet'];
  const code = 'import sys; from gcp_storage_emulator.__main__ import main; sys.exit(main(sys.argv[1:]))';
  const emulator = new Emulator(join(programs, 'python'), ['-c', code, ...flags], port);
  await emulator.start();
  const apiEndpoint = `http://127.0.0.1:${port}`;
  const storage = new Storage({ apiEndpoint, projectId: 'tests' });
  const [bucket] = await opened(emulator, () => storage.createBucket('models'));
  return {
    environment: { ...withoutProxy, GCS_ENDPOINT: apiEndpoint },
    bucket: 'gs://models',
    put: (key, bytes) => bucket.file(key).save(Buffer.from(bytes), { resumable: false }),
    delete: async (key) => void (await bucket.file(key).delete()),
    stop: () => emulator.stop(),
    start: () => emulator.start(),
  };
}

/** Nobody stops what could not be opened. */
async function opened<T>(emulator: Emulator, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    await emulator.stop();
    throw error;
  }
}

/** The account that Azurite has for everyone. */
const account = 'devstoreaccount1';
const accountKey = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

async function openAzure(folder: string): Promise<EmulatedCloud> {
  if ('missing' in azurite) throw new Error(azurite.missing);
  const port = await freePort();
  const program = join(azurite.folder, 'node_modules/azurite/dist/src/blob/main.js');
  const flags = [
    '--blobPort',
    String(port),
    '--location',
    folder,
    '--silent',
    '--disableTelemetry',
    '--skipApiVersionCheck',
  ];
  const emulator = new Emulator(process.execPath, [program, ...flags], port);
  await emulator.start();
  const connection = [
    'DefaultEndpointsProtocol=http',
    `AccountName=${account}`,
    `AccountKey=${accountKey}`,
    `BlobEndpoint=http://127.0.0.1:${port}/${account}`,
  ].join(';');
  const container = BlobServiceClient.fromConnectionString(connection).getContainerClient('models');
  await opened(emulator, () => container.create());
  return {
    environment: { ...withoutProxy, AZURE_STORAGE_CONNECTION_STRING: connection },
    bucket: 'az://models',
    put: async (key, bytes) => void (await container.getBlockBlobClient(key).upload(Buffer.from(bytes), bytes.length)),
    delete: async (key) => void (await container.deleteBlob(key)),
    stop: () => emulator.stop(),
    start: () => emulator.start(),
  };
}
