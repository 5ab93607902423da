// What the bench says of its figures: a table, a page, a plot.
import type { Load, Measured } from './load.ts';
import { type Chart, plot } from './plot.ts';

export interface Row {
  readonly subject: string;
  readonly load: Load;
  readonly echo: Measured;
  readonly server: Measured;
  /** Inferences per second of the engine alone, at the same concurrency. */
  readonly engine: number;
}

export interface Setting {
  readonly rounds: number;
  /** Of the convolutional net. */
  readonly layers: number;
  /** What sent the load. */
  readonly generator: string;
}

export function tableOf(rows: readonly Row[]): string {
  const lines = rows.map((row) => {
    const { subject, echo, server, engine } = row;
    const cells = [
      subject,
      concurrencyOf(row),
      server.cpuMicroseconds.toFixed(0),
      echo.cpuMicroseconds.toFixed(0),
      // In so few requests the echo may have taken less than the system can tell.
      echo.cpuMicroseconds > 0 ? (server.cpuMicroseconds / echo.cpuMicroseconds).toFixed(2) : '–',
      server.requestsPerSecond.toFixed(server.requestsPerSecond < 100 ? 1 : 0),
      engine.toFixed(engine < 100 ? 1 : 0),
      `${shareOf(row).toFixed(0)} %`,
      `${server.p50Ms.toFixed(2)} / ${server.p99Ms.toFixed(2)}`,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| model | connections × streams | CPU µs per request | echo | ratio | requests/s | engine alone | share | p50 / p99 ms |',
    '|---|---|---|---|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}

export function pageOf(rows: readonly Row[], { rounds, layers, generator }: Setting): string {
  return `# Serving, measured

Written by \`make bench\`. *echo* is a bare grpc-js server that answers each message with its own bytes; *engine alone* is the same engine
in a loop, without a server. All three are measured in turn, ${rounds} rounds, medians; a separate client checks values before and after.
CPU is the server process's user and system time. The *convolutions* are as many, here ${layers} layers, as take the engine about 100 ms.
Machines differ by factors: ratios hold.

The load is sent, on the same machine, by ${generator}.

${tableOf(rows)}

![CPU per request, and the share of the engine's throughput](serving.svg)
`;
}

export function plotOf(rows: readonly Row[]): string {
  const of = (name: string) => rows.filter(({ subject }) => subject === name);
  const cpu = (name: string): Chart => ({
    title: `CPU per request, ${name} (connections × streams)`,
    unit: 'µs',
    bars: of(name).flatMap((row) => [
      { label: `modelserver, ${concurrencyOf(row)}`, value: row.server.cpuMicroseconds },
      { label: `grpc-js echo, ${concurrencyOf(row)}`, value: row.echo.cpuMicroseconds, isReference: true },
    ]),
  });
  return plot("CPU per request, and the share of the engine's throughput", [
    cpu('tiny'),
    cpu('600 KB'),
    {
      title: "Share of the engine's throughput, convolutions (connections × streams)",
      unit: '%',
      most: 100,
      bars: of('convolutions').map((row) => ({ label: `modelserver, ${concurrencyOf(row)}`, value: shareOf(row) })),
    },
  ]);
}

function concurrencyOf({ load: { connections, streams } }: Row): string {
  return `${connections} × ${streams}`;
}

/** Of the engine's throughput, in per cent. */
function shareOf({ server, engine }: Row): number {
  return (100 * server.requestsPerSecond) / engine;
}
