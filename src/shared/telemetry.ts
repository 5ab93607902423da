import type { Clock } from './clock.ts';
import type { Logger } from './log.ts';
import type { Tracer } from './span.ts';

export interface TelemetryOptions {
  /** What the process is called unless OTEL_SERVICE_NAME or OTEL_RESOURCE_ATTRIBUTES names it. */
  readonly serviceName: string;
  readonly serviceVersion: string;
  /** Where telemetry's own troubles are told, a line a minute at most: they never disturb the work. */
  readonly log: Logger;
  readonly clock: Clock;
}

export interface Telemetry {
  readonly tracer: Tracer;
  /** `trace_id` and `span_id` of the span that is active, for a line of the log; a new object. */
  traceIds(): object;
  /** Sends what has not been sent yet, for 5 seconds at most. Never fails. */
  shutdown(): Promise<void>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Begins to export traces, if the process's standard OTEL_* environment says where to. OpenTelemetry's SDK, which reads
 * that environment itself, is loaded only then.
 * @returns undefined if tracing is off
 */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry | undefined> {
  if (!isTracingOn(process.env)) return undefined;
  const { startOpenTelemetry } = await import('./open-telemetry.ts');
  return startOpenTelemetry(options);
}

/**
 * Whether the environment names somewhere to send traces to. The SDK alone would take silence for a collector on this
 * machine; a server that nobody asked for traces should not knock at one.
 */
export function isTracingOn(env: Environment): boolean {
  if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true') return false;
  const exporters = env.OTEL_TRACES_EXPORTER?.split(',').map((name) => name.trim());
  if (exporters?.includes('none')) return false;
  return [env.OTEL_TRACES_EXPORTER, env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, env.OTEL_EXPORTER_OTLP_ENDPOINT].some(
    (value) => value !== undefined && value.trim() !== '',
  );
}
