import { Gauge, type Registry } from 'prom-client';
import type { ModelServer } from '../api/model-server.ts';
import type { Watches } from './watches.ts';

/** What the ModelServers are like, read from the caches whenever metrics are asked for. */
export function resourceMetrics(registry: Registry, watches: Pick<Watches, 'resources' | 'namespaces'>): void {
  const gauge = <const Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    count: () => Map<string, number>,
  ) =>
    new Gauge({
      name: `modelserver_${name}`,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        for (const [key, value] of count()) {
          const values = key.split(' ');
          this.set(
            Object.fromEntries(labelNames.map((label, i) => [label, values[i]!])) as Record<Label, string>,
            value,
          );
        }
      },
    });
  gauge('resources', 'ModelServers, by whether they are ready and why', ['ready', 'reason'], () =>
    tally(watches, function* ({ status }) {
      const ready = status?.conditions?.find(({ type }) => type === 'Ready');
      yield `${ready?.status ?? 'Unknown'} ${ready?.reason ?? 'Pending'}`;
    }),
  );
  gauge('models', 'Models of all ModelServers, by their state', ['state'], () =>
    tally(watches, function* ({ status }) {
      for (const { state } of status?.models ?? []) yield state;
    }),
  );
  gauge('model_versions', 'Versions of all models, by their state', ['state'], () =>
    tally(watches, function* ({ status }) {
      for (const { versions = [] } of status?.models ?? []) for (const { state } of versions) yield state;
    }),
  );
  gauge(
    'watched_namespaces',
    'Of the namespaces that were named: 1 where it is looked after, 0 where rights are missing',
    // A label called namespace, Prometheus takes for that of the operator.
    ['watched_namespace'],
    () => new Map([...watches.namespaces()].map(([namespace, isServed]) => [namespace, Number(isServed)])),
  );
}

function tally(
  watches: Pick<Watches, 'resources'>,
  of: (resource: ModelServer) => Iterable<string>,
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const resource of watches.resources()) {
    for (const key of of(resource)) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}
