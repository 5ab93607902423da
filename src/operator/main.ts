import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { systemClock, wallTime } from '../shared/clock.ts';
import { endOfService } from '../shared/end-of-service.ts';
import { createLog, type Logger } from '../shared/log.ts';
import { packageVersion } from '../shared/package-version.ts';
import type { Tracer } from '../shared/span.ts';
import { startTelemetry, type Telemetry } from '../shared/telemetry.ts';
import { createKubeCluster } from './cluster/kube/create-kube-cluster.ts';
import type { KubeCall } from './cluster/kube/kube-cluster.ts';
import { ModelServerController } from './controller/model-server-controller.ts';
import { resourceMetrics } from './controller/resource-metrics.ts';
import { convertCommand } from './convert/convert-command.ts';
import { grpcModelStatusSource } from './models/grpc/grpc-model-status-source.ts';
import { Events } from './runtime/events.ts';
import { Leader } from './runtime/leader.ts';
import { Metrics } from './runtime/metrics.ts';
import { serveMetrics, serveProbes } from './runtime/probes.ts';
import { help, readSettings, type Settings } from './settings.ts';

const clock = systemClock;
const reportingController = 'modelserver.dev/operator';

/** A renewal is a call every two seconds. */
const leaseCallsPerSecond = 5;

/** Milliseconds that reconciles under way get at the end; less than the 30 s that Kubernetes gives the process. */
const graceMs = 15_000;

/** Runs until the process is told to end, or does not lead any more. @returns the exit code */
async function run(settings: Settings, log: Logger, tracer: Tracer | undefined): Promise<number> {
  const ended = endOfService();
  const lost = Promise.withResolvers<string>();
  const metrics = new Metrics();
  metrics.watchProcess();
  const connect = (callsPerSecond: number) =>
    createKubeCluster({
      log,
      clock,
      onCall: (call) => metrics.request(requestOf(call)),
      callsPerSecond,
      burst: callsPerSecond * 2,
      ...access(settings),
    });
  const cluster = await connect(settings.requestsPerSecond);
  const models = grpcModelStatusSource({ clock, log });
  const events = new Events({
    cluster,
    clock,
    log,
    reporter: { controller: reportingController, instance: settings.identity },
  });
  const name = ModelServerController.controllerName;
  const controller = new ModelServerController({
    cluster: cluster.writingIf(() => leader?.isLeader ?? true),
    models,
    announce: (regarding, announcement) => events.tell({ regarding, ...announcement }),
    clock,
    wallTime,
    log,
    tracer,
    namespaces: settings.namespaces,
    workers: settings.workers,
    serverImage: settings.serverImage,
    operatorNamespace: settings.namespace,
    clusterDomain: settings.clusterDomain,
    allowHostPath: settings.allowHostPath,
    patchPods: settings.patchPods,
    metrics: {
      controller: metrics.controller(name, settings.workers),
      queue: (queue) => metrics.queue(name, queue),
    },
  });
  const { watches } = controller;
  resourceMetrics(metrics.registry, watches);

  const probes = await serveProbes(
    {
      healthz: { watches: () => watches.problem() },
      readyz: {
        caches: () => watches.unready(),
        resource: () => (watches.isServed ? undefined : 'the cluster has no ModelServers: its CRD is not installed'),
      },
    },
    { ...settings.probes, log },
  );
  const scrapes = await serveMetrics(() => metrics.text(), { ...settings.metrics, log });
  log.info({ probes: probes.port, metrics: scrapes.port, identity: settings.identity }, 'Starting');
  controller.start();
  events.start();

  const act = () => {
    controller.act();
    log.info({ modelServers: watches.size() }, 'Reconciling');
  };
  // On connections of its own: a renewal must not wait in line behind a thousand other calls.
  const election = settings.leaderElection ? await connect(leaseCallsPerSecond) : undefined;
  const leader = election
    ? new Leader({
        cluster: election,
        clock,
        log,
        namespace: settings.namespace,
        name: settings.leaseName,
        identity: settings.identity,
        onElected: act,
        onLost: (reason) => lost.resolve(reason.message),
        metrics: metrics.leader(settings.leaseName),
      })
    : undefined;
  // Whoever leads knows all there is: what is not in the caches does not look like missing.
  const started = watches.synced().then(
    () => (leader ? leader.start() : act()),
    () => {},
  );

  const end = await Promise.race([ended.then((signal) => ({ signal })), lost.promise.then((reason) => ({ reason }))]);
  log.info(end, 'reason' in end ? 'Ending at once: another may lead now' : 'Ending');
  // The clock's timers do not keep the process alive.
  const alive = setInterval(() => {}, 1000);
  await controller.stopActing('reason' in end ? 0 : graceMs);
  await leader?.stop();
  await events.stop();
  await controller.stop();
  await started;
  models.close();
  cluster.close();
  election?.close();
  await Promise.all([probes.close(), scrapes.close()]);
  clearInterval(alive);
  log.info('Ended');
  return 'reason' in end ? 1 : 0;
}

function access({ kubeconfig, context }: Settings) {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
  return {
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
    ...(kubeconfig === undefined && host && port ? { inCluster: { host, port: Number(port) } } : {}),
  };
}

function requestOf({ method, status, ms }: KubeCall) {
  return { method, host: 'apiserver', code: status === undefined ? '<error>' : String(status), seconds: ms / 1000 };
}

/** @returns the exit code */
async function main(): Promise<number> {
  const commandLine = readSettings(process.argv.slice(2), process.env, `${hostname()}-${randomUUID().slice(0, 8)}`);
  switch (commandLine.kind) {
    case 'help':
      process.stdout.write(help());
      return 0;
    case 'version':
      process.stdout.write(`modelserver-operator ${packageVersion()}\n`);
      return 0;
    case 'convert':
      return convertCommand(commandLine.argv, process);
    case 'wrong':
      process.stderr.write(`${commandLine.problems.join('\n')}\nSee modelserver-operator --help.\n`);
      return 2;
  }
  let telemetry: Telemetry | undefined;
  const log = createLog({ level: commandLine.settings.logLevel, fields: () => telemetry?.traceIds() ?? {} });
  telemetry = await startTelemetry({
    serviceName: 'modelserver-operator',
    serviceVersion: packageVersion(),
    log,
    clock,
  });
  try {
    return await run(commandLine.settings, log, telemetry?.tracer);
  } catch (error) {
    log.fatal({ err: error }, 'Ended by an error');
    return 1;
  } finally {
    await telemetry?.shutdown();
  }
}

process.exit(await main());
