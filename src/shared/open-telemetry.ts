import { hostname } from 'node:os';
import { DiagLogLevel, diag, isSpanContextValid, trace } from '@opentelemetry/api';
import { diagLogLevelFromString, setGlobalErrorHandler } from '@opentelemetry/core';
import {
  defaultResource,
  envDetector,
  osDetector,
  processDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';
import type { Clock } from './clock.ts';
import { openTelemetryTracer } from './open-telemetry-span.ts';
import type { Telemetry, TelemetryOptions } from './telemetry.ts';
import { troubleLog } from './trouble-log.ts';

/** Longer than a collector nearby takes for what one queue holds, shorter than the time that Kubernetes gives to end. */
const shutdownMs = 5_000;

/**
 * Starts OpenTelemetry's SDK for the whole process, by the process's environment.
 * @returns undefined if that environment cannot be followed, which the log then tells
 */
export function startOpenTelemetry(options: TelemetryOptions): Telemetry | undefined {
  const { serviceName, serviceVersion, log, clock } = options;
  const trouble = troubleLog(log, clock);
  try {
    const sdk = new NodeSDK({
      resource: defaultResource().merge(
        resourceFromAttributes({
          'service.name': serviceName,
          'service.version': serviceVersion,
          'host.name': hostname(),
        }),
      ),
      // The SDK's own choice has the host's id as well, which containers lack, and complains about that at each start.
      ...(isSet('OTEL_NODE_RESOURCE_DETECTORS')
        ? {}
        : { resourceDetectors: [envDetector, processDetector, osDetector] }),
      // Nothing but traces unless asked for by name: left out, both would be sent to wherever the traces go.
      ...(isSet('OTEL_METRICS_EXPORTER') ? {} : { metricReaders: [] }),
      ...(isSet('OTEL_LOGS_EXPORTER') ? {} : { logRecordProcessors: [] }),
    });
    // Only now: with OTEL_LOG_LEVEL, the constructor has set a logger of its own, to the console.
    diag.setLogger(trouble.diag, { logLevel: diagLevel(), suppressOverrideMessage: true });
    setGlobalErrorHandler(trouble.error);
    sdk.start();
    trouble.limit();
    return {
      tracer: openTelemetryTracer(trace.getTracer(serviceName, serviceVersion)),
      traceIds,
      async shutdown() {
        const sent = await within(clock, shutdownMs, sdk.shutdown().catch(trouble.error));
        if (!sent) log.warn('OpenTelemetry: the last traces could not be sent in time');
      },
    };
  } catch (error) {
    log.error({ err: error }, 'Tracing is off: the OTEL_* environment does not work out');
    return undefined;
  }
}

function isSet(name: string): boolean {
  return (process.env[name] ?? '').trim() !== '';
}

function diagLevel(): DiagLogLevel {
  return diagLogLevelFromString(process.env.OTEL_LOG_LEVEL) ?? DiagLogLevel.WARN;
}

function traceIds(): object {
  const span = trace.getActiveSpan()?.spanContext();
  return span && isSpanContextValid(span) ? { trace_id: span.traceId, span_id: span.spanId } : {};
}

/** Whether the work, which never fails, is done in time. */
function within(clock: Clock, ms: number, work: Promise<void>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = clock.after(ms, () => resolve(false));
    work.then(() => {
      timer.cancel();
      resolve(true);
    });
  });
}
