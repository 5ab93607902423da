import { readdirSync, readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, type Registry } from 'prom-client';
import { wallTime } from '../../shared/clock.ts';

/** Milliseconds between two looks at how late the event loop is: often enough to be true, seldom enough to cost nothing. */
const resolutionMs = 20;

const quantiles = [0.5, 0.99, 1];

/**
 * What Node and the system know of this process, asked when a scrape comes: by the names of Prometheus's own clients where they have
 * one. prom-client's collection is not taken: it keeps 35 metrics, watches each collection of garbage, and takes the pause between two
 * looks at the event loop for lag.
 */
export function addRuntimeMetrics(registry: Registry): void {
  const gauge = (name: string, help: string, value: () => number | undefined) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        const now = value();
        if (now !== undefined) this.set(now);
      },
    });
  const counter = (name: string, help: string, value: () => number) =>
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(value());
      },
    });
  const started = wallTime() / 1000 - process.uptime();
  counter('process_cpu_seconds_total', 'Seconds of processor time, of user and system.', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000_000;
  });
  gauge('process_start_time_seconds', 'When the process began, in seconds since 1970.', () => started);
  gauge('process_resident_memory_bytes', 'Bytes of memory, that of the runtime and its models as well.', () =>
    process.memoryUsage.rss(),
  );
  gauge('process_open_fds', 'Open files and connections.', () => onLinux(() => readdirSync('/proc/self/fd').length));
  gauge('process_max_fds', 'How many may be open.', () =>
    onLinux(() => Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1])),
  );
  gauge('nodejs_heap_size_used_bytes', "Bytes of JavaScript's heap in use.", () => process.memoryUsage().heapUsed);
  gauge('nodejs_heap_size_total_bytes', "Bytes of JavaScript's heap.", () => process.memoryUsage().heapTotal);
  gauge('nodejs_external_memory_bytes', 'Bytes of messages and other buffers.', () => process.memoryUsage().external);
  counter(
    'modelserver_event_loop_active_seconds_total',
    'Seconds in which the event loop had something to do: its rate says how busy it is.',
    () => performance.eventLoopUtilization().active / 1000,
  );
  addEventLoopLag(registry);
}

function addEventLoopLag(registry: Registry): void {
  const delays = monitorEventLoopDelay({ resolution: resolutionMs });
  delays.enable();
  new Gauge({
    name: 'modelserver_event_loop_lag_seconds',
    help: 'How late the event loop was since the scrape before.',
    labelNames: ['quantile'],
    registers: [registry],
    collect() {
      // What is told are the pauses between two looks; without a look since then they are nothing.
      const lag = (quantile: number) => Math.max(0, delays.percentile(quantile * 100) / 1e9 - resolutionMs / 1000);
      for (const quantile of quantiles) this.set({ quantile }, delays.count > 0 ? lag(quantile) : 0);
      delays.reset();
    },
  });
}

/** @returns undefined where there is no /proc */
function onLinux(read: () => number): number | undefined {
  try {
    const value = read();
    return Number.isNaN(value) ? undefined : value;
  } catch {
    return undefined;
  }
}
