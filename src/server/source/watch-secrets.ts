import { wallTime } from '../../shared/clock.ts';
import { type ApiKeys, readApiKeys } from '../security/api-keys.ts';
import { type Credentials, readCredentials } from '../security/credentials.ts';
import type { Renewed } from '../security/renewed.ts';
import { ExpiryLog } from './expiry-log.ts';
import type { WatchOptions } from './watch-options.ts';
import { WatchedFiles } from './watched-files.ts';

/** Files of one interface, and the flags that named them. */
export interface TlsPaths {
  readonly certificate: string;
  readonly key: string;
  /** Authorities of clients' certificates, if clients must show one. */
  readonly authorities?: string;
}

export interface SecretPaths {
  readonly grpc?: TlsPaths | undefined;
  readonly rest?: TlsPaths | undefined;
  /** A file of keys; or, where there is none, a key itself. */
  readonly apiKeys?: { readonly path: string } | { readonly key: string; readonly source: string } | undefined;
}

/** What monitoring is told of the files behind a flag. */
export interface SecretFigures {
  /** `grpc_certificate_path`, … */
  readonly flag: string;
  /** Milliseconds since 1970; undefined for what does not expire. */
  readonly expiresAt?: number | undefined;
  /** Whether the files that are there now cannot be used, and those before them are in force. */
  readonly isOutdated: boolean;
}

/** What the server shows its clients and what it asks of them; undefined where it does neither. */
export interface Secrets {
  readonly grpc: Renewed<Credentials> | undefined;
  readonly rest: Renewed<Credentials> | undefined;
  readonly apiKeys: Renewed<ApiKeys> | undefined;
  figures(): SecretFigures[];
  stop(): Promise<void>;
}

/**
 * Reads them, and again whenever the files change.
 * @throws Error that says what is wrong with which file
 */
export async function watchSecrets(paths: SecretPaths, options: WatchOptions): Promise<Secrets> {
  const grpc = await watchCredentials('gRPC', paths.grpc, options);
  const rest = await watchCredentials('REST', paths.rest, options);
  const keys = await watchKeys(paths.apiKeys, options);
  const expiry = new ExpiryLog(options);
  for (const [name, watched] of [
    ['gRPC', grpc],
    ['REST', rest],
  ] as const) {
    if (watched) expiry.watch(name, watched);
  }
  return {
    grpc,
    rest,
    apiKeys: keys,
    figures: () => [
      ...credentialFigures('grpc', grpc),
      ...credentialFigures('rest', rest),
      ...(keys instanceof WatchedFiles ? [{ flag: 'api_key_file', isOutdated: keys.problem !== undefined }] : []),
    ],
    async stop() {
      expiry.stop();
      for (const watched of [grpc, rest, keys]) if (watched instanceof WatchedFiles) await watched.stop();
    },
  };
}

async function watchCredentials(
  name: string,
  paths: TlsPaths | undefined,
  options: WatchOptions,
): Promise<WatchedFiles<Credentials> | undefined> {
  if (!paths) return undefined;
  const { certificate, key, authorities } = paths;
  const watched = await WatchedFiles.start<Credentials>({
    ...options,
    what: `certificate for ${name}`,
    paths: [certificate, key, ...(authorities === undefined ? [] : [authorities])],
    read: ([first, second, third], current) => {
      const credentials = readCredentials({ certificate: first!, key: second!, authorities: third });
      // At the start there is none to stay with, and clients say what they think of it.
      if (current && credentials.expiresAt <= wallTime()) throw new Error(`${certificate} has expired`);
      return credentials;
    },
  });
  const tell = ({ serial, expiresAt }: Credentials, message: string) =>
    options.log.info({ interface: name, serial, expires: new Date(expiresAt).toISOString() }, message);
  tell(watched.current, 'Serving with TLS');
  watched.subscribe((next) => tell(next, 'The certificate was replaced'));
  return watched;
}

async function watchKeys(from: SecretPaths['apiKeys'], options: WatchOptions): Promise<Renewed<ApiKeys> | undefined> {
  if (!from) return undefined;
  const { log } = options;
  if ('key' in from) {
    const current = readApiKeys(from.key, from.source);
    log.info({ from: from.source }, 'Clients must show an API key');
    return { current, subscribe() {} };
  }
  const { path } = from;
  const watched = await WatchedFiles.start({
    ...options,
    what: 'API keys',
    paths: [path],
    read: ([file]) => readApiKeys(file!.bytes.toString(), path),
  });
  log.info({ from: path, keys: watched.current.count }, 'Clients must show an API key');
  watched.subscribe(({ count }) => log.info({ from: path, keys: count }, 'The API keys were replaced'));
  return watched;
}

function credentialFigures(prefix: string, watched: WatchedFiles<Credentials> | undefined): SecretFigures[] {
  if (!watched) return [];
  const { current, problem } = watched;
  const isOutdated = problem !== undefined;
  const own = { flag: `${prefix}_certificate_path`, expiresAt: current.expiresAt, isOutdated };
  if (!current.asksClients) return [own];
  return [own, { flag: `${prefix}_ca_path`, expiresAt: current.authoritiesExpireAt, isOutdated }];
}
