import { readFileSync } from 'node:fs';
import { systemClock } from '../shared/clock.ts';
import { createLog, type Logger } from '../shared/log.ts';
import { startTelemetry, type Telemetry } from '../shared/telemetry.ts';
import { help } from './cli/help.ts';
import { Dataplane } from './dataplane/dataplane.ts';
import type { Engine } from './engine/engine.ts';
import { fetchRuntime } from './engine/openvino/fetch-runtime.ts';
import { createOpenVinoEngine } from './engine/openvino/openvino-engine.ts';
import { findLibrary, type RuntimeSearch, runtimeMissing } from './engine/openvino/runtime.ts';
import { createOpenVinoNodeEngine } from './engine/openvino-node/openvino-node-engine.ts';
import type { Tracing } from './observe/span.ts';
import { createTracing } from './observe/tracing.ts';
import { versionLog } from './observe/version-log.ts';
import { Lifecycle } from './registry/lifecycle.ts';
import { readSettings, type Settings } from './settings.ts';
import { ConfigWatch } from './source/config-watch.ts';
import { Repositories } from './source/repositories.ts';
import { createGrpcJsServer } from './transport/grpc/grpc-js-server.ts';
import { healthMethods } from './transport/grpc/health-methods.ts';
import { tfsMethods } from './transport/grpc/tfs-methods.ts';

const clock = systemClock;

/** A start that cannot succeed, told in one line. */
class StartError extends Error {}

async function serve(settings: Settings, log: Logger, tracing: Tracing | undefined): Promise<void> {
  if (settings.withoutEffect.length > 0) {
    log.info(
      { flags: settings.withoutEffect },
      'Accepted without effect: these flags are about the inside of another server',
    );
  }
  const ended = endOfService();
  const engine = await createEngine(settings, log);
  log.info({ engine: engine.description }, 'Starting');

  const observer = versionLog(log, tracing);
  const registry = new Lifecycle({ engine, clock, observer, drainMs: settings.drainMs });
  const dataplane = new Dataplane(registry);
  const ending = new AbortController();
  const tfs = tfsMethods(dataplane);
  const health = healthMethods(dataplane, ending.signal);
  const server = createGrpcJsServer({
    methods: { unary: { ...tfs.unary, ...health.unary }, streaming: { ...tfs.streaming, ...health.streaming } },
    log,
    tracing,
    memoryQuota: settings.grpc.memoryQuota,
    channelArguments: settings.grpc.channelArguments,
  });

  // Listens before models load: liveness probes are answered meanwhile.
  for (const address of settings.grpc.addresses) {
    try {
      const port = await server.listen(address, settings.grpc.port);
      log.info({ address, port }, 'Serving gRPC');
    } catch (error) {
      throw new StartError(`Cannot listen on ${address}:${settings.grpc.port} - ${(error as Error).message}`);
    }
  }

  const watchOptions = { clock, log, ...settings.files };
  const repositories = new Repositories(watchOptions, settings.engine.cacheDir, (wanted) => registry.want(wanted));
  const stopConfig = await startModels(settings, repositories, watchOptions);
  await registry.settled();
  if ('model' in settings.models) checkFirstLoad(settings.models.model.name, registry, repositories);
  log.info('Started model manager thread');

  const signal = await ended;
  ending.abort();
  log.info({ signal }, 'Ending: answering the requests under way');
  await stopConfig();
  await repositories.stop();
  await server.drain(clock, settings.drainMs);
  await registry.close(settings.drainMs);
  await engine.close();
  log.info('Ended');
}

async function createEngine({ engine }: Settings, log: Logger): Promise<Engine> {
  const { mostWaiting, cpuExtension } = engine;
  const options = { mostWaiting, ...(cpuExtension ? { cpuExtension } : {}) };
  if (engine.kind === 'openvino-node') {
    try {
      return await createOpenVinoNodeEngine(options);
    } catch (error) {
      throw new StartError(
        `--engine openvino-node: the package cannot be loaded; install it with "npm install openvino-node" - ${(error as Error).message}`,
      );
    }
  }
  try {
    return createOpenVinoEngine({ library: await findOrFetch(engine, log), ...options });
  } catch (error) {
    throw new StartError((error as Error).message);
  }
}

/** OpenVINO's C library; fetched on the first start, unless it is there or its place was named. */
async function findOrFetch(search: RuntimeSearch, log: Logger): Promise<string> {
  const library = findLibrary(search);
  if (library) return library;
  if (search.libraryDirectory) throw new Error(runtimeMissing(search));
  return fetchRuntime(search, (line) => log.info(line));
}

/** @returns what stops the watch of the config file */
async function startModels(
  { models }: Settings,
  repositories: Repositories,
  watchOptions: ConstructorParameters<typeof ConfigWatch>[1],
): Promise<() => Promise<void>> {
  if ('model' in models) {
    await repositories.configure([models.model]);
    return async () => {};
  }
  const config = new ConfigWatch(models.configPath, watchOptions, (configured) => repositories.configure(configured));
  await config.start();
  if (config.problems.length > 0) {
    throw new StartError([`The config file ${models.configPath} has problems:`, ...config.problems].join('\n  '));
  }
  return () => config.stop();
}

/** A server that was told to serve one model, and cannot, does not pretend to. Folders without a version may still get one. */
function checkFirstLoad(name: string, registry: Lifecycle, repositories: Repositories): void {
  const statuses = registry.status({ name });
  const causes = [
    ...repositories.unreadable(),
    ...statuses.map(({ version, errorMessage }) => `version ${version}: ${errorMessage}`),
  ];
  if (causes.length === 0 || registry.readiness().get(name)) return;
  throw new StartError(`Model ${name} cannot be served: ${causes.join('; ')}`);
}

function endOfService(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => resolve(signal));
  });
}

function version(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
}

async function main(): Promise<number> {
  const commandLine = readSettings(process.argv.slice(2), process.env, process.cwd());
  switch (commandLine.kind) {
    case 'help':
      process.stdout.write(help());
      return 0;
    case 'version':
      process.stdout.write(`modelserver ${version()}\n`);
      return 0;
    case 'wrong':
      process.stderr.write(`${commandLine.problems.join('\n')}\nSee modelserver --help.\n`);
      return 2;
  }
  const { level, file } = commandLine.settings.log;
  let telemetry: Telemetry | undefined;
  let log: Logger;
  try {
    log = createLog({ level, ...(file ? { file } : {}), fields: () => telemetry?.traceIds() ?? {} });
  } catch (error) {
    process.stderr.write(`modelserver: --log_path: ${(error as Error).message}\n`);
    return 1;
  }
  telemetry = await startTelemetry({ serviceName: 'modelserver', serviceVersion: version(), log, clock });
  try {
    await serve(commandLine.settings, log, telemetry && createTracing(telemetry.tracer));
    return 0;
  } catch (error) {
    if (error instanceof StartError) process.stderr.write(`modelserver: ${error.message}\n`);
    else log.fatal({ err: error }, 'Ended by an error');
    return 1;
  } finally {
    await telemetry?.shutdown();
  }
}

process.exit(await main());
