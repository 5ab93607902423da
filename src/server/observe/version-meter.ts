import { allEndpoints, type Endpoint } from './endpoint.ts';
import { labels } from './exposition.ts';
import { Histogram } from './histogram.ts';
import type { Gauged, Meter } from './meter.ts';

/** How requests have ended, by the places of their endpoints. */
export class Outcomes {
  readonly succeeded = new Float64Array(allEndpoints.length);
  readonly failed = new Float64Array(allEndpoints.length);
  /** The endpoints that count here, with their labels. */
  readonly labelled: readonly (readonly [index: number, labels: string])[];

  constructor(isOne: (endpoint: Endpoint) => boolean, of: Readonly<Record<string, string | number>>) {
    this.labelled = allEndpoints
      .filter(isOne)
      .map(({ index, api, interface: kind, method }) => [index, labels({ api, interface: kind, method, ...of })]);
  }
}

/** Of a model as a whole. */
export class ModelMeter implements Meter {
  readonly outcomes: Outcomes;

  constructor(name: string) {
    this.outcomes = new Outcomes(({ kind }) => kind === 'model', { name });
  }

  begun(): void {}

  answered({ index }: Endpoint): void {
    this.outcomes.succeeded[index]!++;
  }

  failed({ index }: Endpoint): void {
    this.outcomes.failed[index]!++;
  }

  inferred(): void {}
}

/** Of a version. It lives on when the version is loaded anew. */
export class VersionMeter implements Meter {
  readonly labels: string;
  readonly outcomes: Outcomes;
  /** Those of the interfaces, with their labels. */
  readonly requestTimes: readonly (readonly [labels: string, Histogram])[];
  readonly inferenceTimes = new Histogram();
  readonly waits = new Histogram();
  /** What is loaded now. */
  gauged: Gauged;
  /** Requests in work. */
  current = 0;
  /** The histograms of `requestTimes` by the endpoints that count there. */
  readonly #timesByEndpoint: readonly (Histogram | undefined)[];

  constructor(name: string, version: number, gauged: Gauged) {
    this.gauged = gauged;
    this.labels = labels({ name, version });
    this.outcomes = new Outcomes(({ kind }) => kind !== 'model', { name, version });
    const byInterface = new Map(allEndpoints.map(({ interface: kind }) => [kind, new Histogram()]));
    this.requestTimes = [...byInterface].map(([kind, times]) => [labels({ interface: kind, name, version }), times]);
    this.#timesByEndpoint = allEndpoints.map((endpoint) =>
      endpoint.kind === 'inference' ? byInterface.get(endpoint.interface) : undefined,
    );
  }

  begun(): void {
    this.current++;
  }

  answered({ index }: Endpoint, ms: number): void {
    this.current--;
    this.outcomes.succeeded[index]!++;
    this.#timesByEndpoint[index]?.observe(ms * 1000);
  }

  failed({ index }: Endpoint): void {
    this.current--;
    this.outcomes.failed[index]!++;
  }

  inferred(waitedMs: number, ranMs: number): void {
    this.waits.observe(waitedMs * 1000);
    this.inferenceTimes.observe(ranMs * 1000);
  }
}
