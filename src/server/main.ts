import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { sleep, systemClock } from '../shared/clock.ts';
import { endOfService } from '../shared/end-of-service.ts';
import { createLog, type Logger } from '../shared/log.ts';
import { packageVersion } from '../shared/package-version.ts';
import { startTelemetry, type Telemetry } from '../shared/telemetry.ts';
import { help } from './cli/help.ts';
import { openBuckets } from './cloud/open-buckets.ts';
import { runCommand } from './commands/run-command.ts';
import { parseConfig } from './config/parse-config.ts';
import { ModelControl } from './control/model-control.ts';
import { configFile, type ModelSource, singleModel } from './control/model-source.ts';
import { Dataplane } from './dataplane/dataplane.ts';
import type { Engine } from './engine/engine.ts';
import { exitAtOnce } from './engine/openvino/exit-at-once.ts';
import { findOrFetchLibrary } from './engine/openvino/fetch-runtime.ts';
import { createOpenVinoEngine } from './engine/openvino/openvino-engine.ts';
import { createOpenVinoNodeEngine } from './engine/openvino-node/openvino-node-engine.ts';
import type { RequestPool } from './engine/request-pool.ts';
import { workThreads } from './engine/work-threads.ts';
import { createImageDecoder, prepareImages } from './image/image-decoder.ts';
import type { BucketPath } from './model/bucket-path.ts';
import type { MetricNames } from './model/metric-name.ts';
import { noPipelines } from './model/pipeline.ts';
import type { Metrics } from './observe/metrics.ts';
import { pipelineLog } from './observe/pipeline-log.ts';
import type { Tracing } from './observe/span.ts';
import { createTracing } from './observe/tracing.ts';
import { versionLog } from './observe/version-log.ts';
import type { FindLibrary } from './pipeline/custom-node.ts';
import { drawPipeline } from './pipeline/mermaid.ts';
import { Pipelines } from './pipeline/pipelines.ts';
import { Lifecycle } from './registry/lifecycle.ts';
import { observers } from './registry/observer.ts';
import { withSequences } from './sequence/stateful-engine.ts';
import { type Environment, missingRestPort, readSettings, type Settings } from './settings.ts';
import { type Configured, readConfig } from './source/config-watch.ts';
import { Repositories } from './source/repositories.ts';
import type { WatchOptions } from './source/watch-options.ts';
import { type Secrets, watchSecrets } from './source/watch-secrets.ts';
import { ByteBudget } from './transport/byte-budget.ts';
import { createGrpcJsServer } from './transport/grpc/grpc-js-server.ts';
import { healthMethods } from './transport/grpc/health-methods.ts';
import { kserveMethods } from './transport/grpc/kserve-methods.ts';
import { measuredMethods } from './transport/grpc/measured-methods.ts';
import { joinMethods } from './transport/grpc/methods.ts';
import { probeMethods } from './transport/grpc/probe-methods.ts';
import { tfsMethods } from './transport/grpc/tfs-methods.ts';
import { Guard } from './transport/guard.ts';
import { configRoutes } from './transport/rest/config-routes.ts';
import type { RestServerOptions } from './transport/rest/fastify-server.ts';
import { kserveRoutes } from './transport/rest/kserve-routes.ts';
import { metricsRoute } from './transport/rest/metrics-route.ts';
import { openApiRoute } from './transport/rest/openapi-route.ts';
import { tfsRoutes } from './transport/rest/tfs-routes.ts';
import type { TransportServer } from './transport/transport-server.ts';
import { createWarmUp } from './warm-up/warm-up.ts';

const clock = systemClock;

/** A start that cannot succeed, told in one line. */
class StartError extends Error {}

/**
 * Serves until the process is told to end.
 * @returns whether everything has come to its end: if not, threads may be at work still
 */
async function serve(settings: Settings, log: Logger, tracing: Tracing | undefined): Promise<boolean> {
  if (settings.withoutEffect.length > 0) {
    log.info(
      { flags: settings.withoutEffect },
      'Accepted without effect: these flags are about the inside of another server',
    );
  }
  const ended = endOfService();
  const ending = new AbortController();
  ended.then(() => ending.abort());
  const watchOptions = { clock, log, ...settings.files };
  const secrets = await readSecrets(settings, watchOptions);
  const threads = workThreads(settings.engine.poolThreads);
  const runtime = await createEngine(settings, threads, log, ending.signal);
  if (!runtime) return true;
  const engine = withSequences(runtime, {
    clock,
    idleMs: settings.idleSequenceMs,
    mostWaiting: settings.engine.mostWaiting,
    endedIdle: (directory, sequences) => log.info({ directory, sequences }, 'Ended idle sequences'),
  });
  log.info({ engine: engine.description }, 'Starting');

  const metrics = await startMetrics(settings, engine, secrets);
  const logs = versionLog(log, tracing);
  const observer = metrics ? observers(logs, metrics.observer) : logs;
  const images = createImageDecoder({ threads, mostWaiting: settings.engine.mostWaiting });
  const warmUp = createWarmUp({ mode: settings.warmUp, decodeImages: images, prepareImages });
  const { drainMs } = settings;
  const registry = new Lifecycle({
    engine,
    clock,
    observer,
    warmUp,
    drainMs,
    mostWaiting: settings.engine.mostWaiting,
  });
  const pipelineLogs = pipelineLog(log);
  const pipelines = new Pipelines({
    registry,
    findLibrary: customNodes(settings, log),
    clock,
    observer: {
      ...pipelineLogs,
      stateChanged(name, status) {
        pipelineLogs.stateChanged(name, status);
        metrics?.pipelineObserver.stateChanged(name, status);
      },
    },
    meter: (name) => metrics?.meters.ofPipeline(name),
  });
  const dataplane = new Dataplane(pipelines, images, metrics?.meters);
  const openStore = (path: BucketPath) => openers[path.cloud](path, settings.environment);
  const buckets = openBuckets({ ...settings.cloud, clock, log, openStore });
  const openBucket = (basePath: string) => buckets.open(basePath);
  const { cacheDir } = settings.engine;
  const repositories = new Repositories(watchOptions, cacheDir, openBucket, (wanted) => registry.want(wanted));
  const configured = async (config: Configured, revision: string | undefined) => {
    // Known before the models are, so that the server is not ready without them.
    const opened = pipelines.configure(config.pipelines ?? noPipelines, revision);
    await Promise.all([opened, repositories.configure(config.models, revision)]);
  };
  const models =
    'model' in settings.models
      ? singleModel(settings.models.model, repositories)
      : configFile(settings.models.configPath, { configured, repositories, watchOptions });
  const { promise: started, ...starting } = Promise.withResolvers<void>();
  const control = new ModelControl({
    source: models,
    repositories,
    registry,
    retryPipelines: () => pipelines.retry(),
    started,
    isOpen: settings.modelControl,
  });
  const methods = joinMethods(
    tfsMethods(dataplane, models, control),
    kserveMethods(dataplane, { serverVersion: packageVersion(), ending: ending.signal, control }),
    healthMethods(dataplane, ending.signal),
  );
  const guard = (kind: 'gRPC' | 'REST') =>
    secrets.apiKeys ? new Guard(secrets.apiKeys, kind, metrics?.meters) : undefined;
  const budget = new ByteBudget(settings.grpc.memoryQuota);
  const counted = metrics ? measuredMethods(methods, metrics.meters) : methods;
  const grpcOptions = {
    ...{ log, tracing, budget, ending: ending.signal },
    channelArguments: settings.grpc.channelArguments,
  };
  const grpc = createGrpcJsServer({
    ...grpcOptions,
    methods: counted,
    credentials: secrets.grpc,
    guard: guard('gRPC'),
  });
  const health = createGrpcJsServer({ ...grpcOptions, methods: probeMethods(counted) });

  // Listens before models load: liveness probes are answered meanwhile.
  if (settings.grpc.port !== 0) await listen(grpc, settings.grpc, 'gRPC', log);
  if (settings.health.port !== 0) await listen(health, settings.health, 'health checks', log);
  const { problems } = models;
  const routes = [
    ...tfsRoutes(dataplane, { problems, meters: metrics?.meters }),
    ...kserveRoutes(dataplane, {
      serverVersion: packageVersion(),
      ending: ending.signal,
      meters: metrics?.meters,
      control,
    }),
    ...configRoutes(dataplane, { problems, reload: () => control.reload() }),
    metricsRoute(metrics?.text),
    openApiRoute(packageVersion()),
  ];
  const rest = await createRest(settings, {
    ...{ routes, log, clock, tracing, budget },
    credentials: secrets.rest,
    guard: guard('REST'),
  });
  if (rest) await listen(rest, settings.rest, 'HTTP', log);

  start(settings, models, repositories, registry, ending.signal, log).then(starting.resolve, starting.reject);

  // A server that is told to end while it starts does not start first.
  const signal = await Promise.race([ended, started.then(() => ended)]);
  log.info({ signal }, 'Ending: answering the requests under way');
  registry.stopLoading();
  const end = clock.now() + drainMs;
  const left = () => Math.max(0, end - clock.now());
  // The clock's timers do not keep the process alive, and once the port is closed nothing else might.
  const alive = setInterval(() => {}, 1000);
  const stopped = [models.stop(), repositories.stop(), buckets.close(), secrets.stop()];
  await Promise.race([Promise.all(stopped), sleep(clock, left())]);
  await Promise.all([grpc, rest, health].map((server) => server?.drain(clock, left())));
  await Promise.race([pipelines.close(), sleep(clock, left())]);
  const isClean = await registry.close(left());
  if (isClean) await engine.close();
  clearInterval(alive);
  log.info(isClean ? 'Ended' : 'Ended without the answers that took longer than the time to drain');
  return isClean;
}

/** Resolves when all that is to be served has been loaded, or has failed. */
async function start(
  settings: Settings,
  models: ModelSource,
  repositories: Repositories,
  registry: Lifecycle,
  ending: AbortSignal,
  log: Logger,
): Promise<void> {
  const problems = await models.start();
  if (problems.length > 0 && 'configPath' in settings.models) {
    throw new StartError([`The config file ${settings.models.configPath} has problems:`, ...problems].join('\n  '));
  }
  await registry.settled();
  if (ending.aborted) return;
  if ('model' in settings.models) checkFirstLoad(settings.models.model.name, registry, repositories);
  log.info('Started model manager thread');
}

/**
 * Which metrics are served: those of the command line, or else of the config file as it is at the start.
 * @returns undefined for none
 */
async function metricNames({ metrics, models, rest }: Settings): Promise<MetricNames | undefined> {
  if (metrics || 'model' in models) return metrics;
  const { parsed } = await readConfig(models.configPath, clock);
  // A file with problems ends the start a moment later, where they are told.
  if (parsed.problems || !parsed.metrics) return undefined;
  if (rest.port === 0) throw new StartError(`monitoring.metrics.enable: ${missingRestPort}`);
  return parsed.metrics;
}

/** Loaded only where it is asked for, and so is HTTP: what is off costs nothing. */
async function startMetrics(
  settings: Settings,
  { description }: Engine,
  secrets: Secrets,
): Promise<Metrics | undefined> {
  const names = await metricNames(settings);
  if (!names) return undefined;
  const { createMetrics } = await import('./observe/metrics.ts');
  const queueLimit = settings.engine.mostWaiting;
  return createMetrics({
    ...{ names, queueLimit, engine: description },
    serverVersion: packageVersion(),
    secrets: secrets.figures,
  });
}

/** A server that cannot keep its connections secret does not serve them in plain text instead. */
async function readSecrets({ secrets }: Settings, options: WatchOptions): Promise<Secrets> {
  try {
    return await watchSecrets(secrets, options);
  } catch (error) {
    throw new StartError((error as Error).message);
  }
}

async function createRest(
  { rest }: Settings,
  options: Omit<RestServerOptions, 'cors'>,
): Promise<TransportServer | undefined> {
  if (rest.port === 0) return undefined;
  const { createFastifyServer } = await import('./transport/rest/fastify-server.ts');
  return createFastifyServer({ ...options, cors: rest.cors });
}

async function listen(
  server: TransportServer,
  { addresses, port }: { readonly addresses: readonly string[]; readonly port: number },
  protocol: string,
  log: Logger,
): Promise<void> {
  for (const address of addresses) {
    try {
      log.info({ address, port: await server.listen(address, port) }, `Serving ${protocol}`);
    } catch (error) {
      throw new StartError(`Cannot listen on ${address}:${port} - ${(error as Error).message}`);
    }
  }
}

/** @returns undefined if the process was told to end meanwhile */
async function createEngine(
  { engine }: Settings,
  threads: RequestPool<number>,
  log: Logger,
  ending: AbortSignal,
): Promise<Engine | undefined> {
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
    const library = await findOrFetchLibrary(engine, (line) => log.info(line), ending);
    return createOpenVinoEngine({ library, threads, ...options });
  } catch (error) {
    if (ending.aborted) return undefined;
    throw new StartError((error as Error).message);
  }
}

/** Loaded only where there are custom nodes. */
function customNodes({ customNodes: { timeoutMs, mebibytes, workers }, engine }: Settings, log: Logger): FindLibrary {
  return async (entry) => {
    const { createFindLibrary } = await import('./pipeline/modules/find-library.ts');
    const find = createFindLibrary({
      clock,
      limits: { milliseconds: timeoutMs, mebibytes },
      workers,
      mostWaiting: engine.mostWaiting,
      print: (library, line) => log.info({ library, line }, 'A custom node printed'),
    });
    return find(entry);
  };
}

/** An SDK is loaded when the first bucket of its cloud is looked at: what is not used costs nothing. */
const openers = {
  s3: async (path: BucketPath, environment: Environment) =>
    (await import('./cloud/s3/s3-store.ts')).openS3Store(path, environment),
  gs: async (path: BucketPath, environment: Environment) =>
    (await import('./cloud/gcs/gcs-store.ts')).openGcsStore(path, environment),
  az: async (path: BucketPath, environment: Environment) =>
    (await import('./cloud/azure/azure-store.ts')).openAzureStore(path, environment),
};

/** A server that was told to serve one model, and cannot, does not pretend to. Folders without a version may still get one. */
function checkFirstLoad(name: string, registry: Lifecycle, repositories: Repositories): void {
  const causes = [...repositories.unreadable(name), ...registry.causes(name)];
  if (causes.length === 0 || registry.readiness()?.models.get(name)) return;
  throw new StartError(`Model ${name} cannot be served: ${causes.join('; ')}`);
}

/** Prints the pipelines of a config file. @returns the exit code */
async function drawGraphs(configPath: string): Promise<number> {
  let text: string;
  try {
    text = await readFile(configPath, 'utf8');
  } catch (error) {
    process.stderr.write(`modelserver: Config file not found or cannot open. - ${(error as Error).message}\n`);
    return 1;
  }
  const parsed = parseConfig(text, dirname(resolve(configPath)));
  if (parsed.problems) {
    process.stderr.write(`${[`The config file ${configPath} has problems:`, ...parsed.problems].join('\n  ')}\n`);
    return 1;
  }
  const { pipelines } = parsed.pipelines ?? noPipelines;
  process.stdout.write(pipelines.map(drawPipeline).join('\n'));
  return 0;
}

/** @returns the exit code, and whether the process can end in the usual way */
async function main(): Promise<{ code: number; isClean: boolean }> {
  const commandLine = readSettings(process.argv.slice(2), process.env, process.cwd());
  switch (commandLine.kind) {
    case 'help':
      process.stdout.write(help());
      return { code: 0, isClean: true };
    case 'version':
      process.stdout.write(`modelserver ${packageVersion()}\n`);
      return { code: 0, isClean: true };
    case 'graph':
      return { code: await drawGraphs(commandLine.configPath), isClean: true };
    case 'command': {
      const { isDone, text } = await runCommand(commandLine.command);
      (isDone ? process.stdout : process.stderr).write(`${text}\n`);
      return { code: isDone ? 0 : 1, isClean: true };
    }
    case 'wrong':
      process.stderr.write(`${commandLine.problems.join('\n')}\nSee modelserver --help.\n`);
      return { code: 2, isClean: true };
  }
  const { level, file } = commandLine.settings.log;
  let telemetry: Telemetry | undefined;
  let log: Logger;
  try {
    log = createLog({ level, ...(file ? { file } : {}), fields: () => telemetry?.traceIds() ?? {} });
  } catch (error) {
    process.stderr.write(`modelserver: --log_path: ${(error as Error).message}\n`);
    return { code: 1, isClean: true };
  }
  telemetry = await startTelemetry({ serviceName: 'modelserver', serviceVersion: packageVersion(), log, clock });
  try {
    const isClean = await serve(commandLine.settings, log, telemetry && createTracing(telemetry.tracer));
    return { code: 0, isClean };
  } catch (error) {
    if (error instanceof StartError) process.stderr.write(`modelserver: ${error.message}\n`);
    else log.fatal({ err: error }, 'Ended by an error');
    return { code: 1, isClean: false };
  } finally {
    await telemetry?.shutdown();
  }
}

const { code, isClean } = await main();
if (isClean) process.exit(code);
else exitAtOnce(code);
