/**
 * A process with telemetry, for tests: OpenTelemetry belongs to a whole process and takes its settings from the
 * environment. Does what the JSON of its argument says, ends its telemetry, and prints what came of it as JSON.
 */
import { registerHooks } from 'node:module';

/** Addresses of the modules that have been loaded, this one's own imports included. */
const modules: string[] = [];
registerHooks({
  load(url, context, next) {
    modules.push(url);
    return next(url, context);
  },
});

export interface Program {
  /** Calls to trace, one after another. */
  readonly calls: readonly {
    readonly headers?: Readonly<Record<string, string>>;
    /** gRPC status code that it is answered by. */
    readonly status?: number;
    /** Message and cause of the error that it ends with. */
    readonly error?: string;
    readonly cause?: string;
  }[];
  /** Traces that may come to nothing, by their names, and whether they come to something. */
  readonly tentative?: readonly { readonly name: string; readonly isKept: boolean }[];
}

export interface Outcome {
  readonly on: boolean;
  readonly modules: readonly string[];
  /** For each call, whether it had a span. */
  readonly sampled: readonly boolean[];
}

const { createLog } = await import('../../src/shared/log.ts');
const { systemClock } = await import('../../src/shared/clock.ts');
const { startTelemetry } = await import('../../src/shared/telemetry.ts');
const { createTracing } = await import('../../src/server/observe/tracing.ts');
type Telemetry = Awaited<ReturnType<typeof startTelemetry>>;

const { calls, tentative = [] }: Program = JSON.parse(process.argv[2]!);
let telemetry: Telemetry;
const log = createLog({ level: 'info', fields: () => telemetry?.traceIds() ?? {} });
telemetry = await startTelemetry({ serviceName: 'program', serviceVersion: '1.2.3', log, clock: systemClock });
const tracing = telemetry && createTracing(telemetry.tracer);

const sampled: boolean[] = [];
for (const { headers = {}, status = 0, error, cause } of calls) {
  const span = tracing?.serverSpan('test.Service/Call', (name) => headers[name]);
  sampled.push(span !== undefined);
  const work = async () => {
    const child = span?.child('decode', { 'test.bytes': 42, 'test.ratio': 0.5, 'test.yes': true });
    await null;
    log.info('inside');
    child?.end();
  };
  await (span ? span.run(work) : work());
  span?.answered(status, error === undefined ? undefined : new Error(error, cause ? { cause: new Error(cause) } : {}));
}
for (const { name, isKept } of tentative) {
  const span = telemetry?.tracer.tentative(name);
  const late = span?.child(`late in ${name}`);
  span?.child(`early in ${name}`).end();
  if (isKept) span?.end();
  else span?.discard();
  late?.end();
}
log.info('outside');
await telemetry?.shutdown();
const outcome: Outcome = { on: telemetry !== undefined, modules, sampled };
process.stdout.write(JSON.stringify(outcome));
process.exit(0);
