import { allEndpoints, type Endpoint } from './endpoint.ts';
import { labels } from './exposition.ts';
import { Histogram } from './histogram.ts';
import type { Gauged, Meter, PipelineMeter } from './meter.ts';

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

/** Of what takes requests for inferences, by the version that answers them. */
class ServableMeter implements Meter {
  readonly labels: string;
  readonly outcomes: Outcomes;
  /** Those of the interfaces, with their labels. */
  readonly requestTimes: readonly (readonly [labels: string, Histogram])[];
  /** Requests in work. */
  current = 0;
  /** The histograms of `requestTimes` by the endpoints that count there. */
  readonly #timesByEndpoint: readonly (Histogram | undefined)[];

  constructor(name: string, version: number) {
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

  inferred(_waitedMs: number, _ranMs: number): void {}
}

/** Of a version. It lives on when the version is loaded anew. */
export class VersionMeter extends ServableMeter {
  readonly inferenceTimes = new Histogram();
  readonly waits = new Histogram();
  /** What is loaded now. */
  gauged: Gauged;

  constructor(name: string, version: number, gauged: Gauged) {
    super(name, version);
    this.gauged = gauged;
  }

  override inferred(waitedMs: number, ranMs: number): void {
    this.waits.observe(waitedMs * 1000);
    this.inferenceTimes.observe(ranMs * 1000);
  }
}

/** Of a pipeline, and of its nodes. */
export class WholePipelineMeter extends ServableMeter implements PipelineMeter {
  /** Of GetModelStatus and the like. */
  readonly asModel: ModelMeter;
  readonly #name: string;
  readonly #nodes = new Map<string, readonly [labels: string, Histogram]>();

  constructor(name: string) {
    // A pipeline has the one version.
    super(name, 1);
    this.asModel = new ModelMeter(name);
    this.#name = name;
  }

  nodeRan(node: string, ms: number): void {
    let times = this.#nodes.get(node);
    if (!times) {
      times = [labels({ name: this.#name, node }), new Histogram()];
      this.#nodes.set(node, times);
    }
    times[1].observe(ms * 1000);
  }

  get nodeTimes(): Iterable<readonly [labels: string, Histogram]> {
    return this.#nodes.values();
  }
}
