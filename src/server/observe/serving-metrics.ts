import type { MetricName, MetricNames } from '../model/metric-name.ts';
import { head, histogramSamples, type MetricType, sample } from './exposition.ts';
import type { Histogram } from './histogram.ts';
import type { Gauged } from './meter.ts';
import { ModelMeter, type Outcomes, VersionMeter, WholePipelineMeter } from './version-meter.ts';

/** A metric, and its samples from all that has figures. */
interface Family {
  readonly type: MetricType;
  readonly help: string;
  readonly samples: (name: string, meters: LoadedMeters) => string;
}

interface LoadedMeters {
  readonly versions: readonly VersionMeter[];
  readonly pipelines: readonly WholePipelineMeter[];
  readonly models: readonly ModelMeter[];
}

const ovms: Readonly<Record<MetricName, Family>> = {
  ovms_requests_success: counter('Requests that were answered.', ({ succeeded }) => succeeded),
  ovms_requests_fail: counter('Requests to a known model that failed.', ({ failed }) => failed),
  ovms_request_time_us: {
    type: 'histogram',
    help: 'Microseconds from the message of an inference request to that of its answer.',
    samples: (name, { versions, pipelines }) =>
      [...versions, ...pipelines]
        .flatMap(({ requestTimes }) => requestTimes.map(([labels, times]) => histogramSamples(name, labels, times)))
        .join(''),
  },
  ovms_current_requests: gauge(
    'Requests in work, those that wait for an infer request among them.',
    (meter) => meter.current,
  ),
  ovms_inference_time_us: histogram(
    'Microseconds that the runtime took for an inference.',
    (meter) => meter.inferenceTimes,
  ),
  ovms_wait_for_infer_req_time_us: histogram(
    'Microseconds that a request waited for an infer request.',
    (meter) => meter.waits,
  ),
  ovms_streams: gauge('Inferences that the device runs side by side.', ({ gauged }) => gauged.streams),
  ovms_infer_req_queue_size: gauge('Infer requests that there are (nireq).', ({ gauged }) => gauged.inferRequests),
  ovms_infer_req_active: gauge('Infer requests that are in use.', ({ gauged }) => gauged.inUse),
};

const own: Readonly<Record<string, Family>> = {
  modelserver_pipeline_node_time_us: {
    type: 'histogram',
    help: 'Microseconds that a node of a pipeline took for a request or a shard, waits among them.',
    samples: (name, { pipelines }) =>
      pipelines
        .flatMap(({ nodeTimes }) => [...nodeTimes].map(([labels, times]) => histogramSamples(name, labels, times)))
        .join(''),
  },
  modelserver_queue_length: gauge('Requests that wait for an infer request.', ({ gauged }) => gauged.waiting),
};

/** The figures of all that is loaded, as OpenVINO Model Server names them. */
export class ServingMetrics {
  readonly #families: readonly (readonly [name: string, Family])[];
  readonly #models = new Map<string, { readonly meter: ModelMeter; readonly versions: Map<number, VersionMeter> }>();
  readonly #pipelines = new Map<string, WholePipelineMeter>();
  readonly #byLoaded = new WeakMap<object, VersionMeter>();

  constructor(names: MetricNames) {
    const wanted = Object.entries(ovms).filter(([name]) => names.has(name as MetricName));
    this.#families = [...wanted, ...Object.entries(own)];
  }

  ofVersion(loaded: object): VersionMeter | undefined {
    return this.#byLoaded.get(loaded);
  }

  ofModel(name: string): ModelMeter | undefined {
    return this.#models.get(name)?.meter ?? this.#pipelines.get(name)?.asModel;
  }

  ofPipeline(name: string): WholePipelineMeter | undefined {
    return this.#pipelines.get(name);
  }

  /** A pipeline is wanted; if it was before, its figures go on. */
  addPipeline(name: string): void {
    if (!this.#pipelines.has(name)) this.#pipelines.set(name, new WholePipelineMeter(name));
  }

  removePipeline(name: string): void {
    this.#pipelines.delete(name);
  }

  /** A version is loaded, perhaps anew: then its figures go on. */
  add(name: string, version: number, loaded: Gauged): void {
    let model = this.#models.get(name);
    if (!model) {
      model = { meter: new ModelMeter(name), versions: new Map() };
      this.#models.set(name, model);
    }
    let meter = model.versions.get(version);
    if (meter) meter.gauged = loaded;
    else meter = new VersionMeter(name, version, loaded);
    model.versions.set(version, meter);
    this.#byLoaded.set(loaded, meter);
  }

  /** A version is not loaded any more; if it was, its figures go, and the model's with those of its last version. */
  remove(name: string, version: number): void {
    const model = this.#models.get(name);
    model?.versions.delete(version);
    if (model?.versions.size === 0) this.#models.delete(name);
  }

  text(): string {
    const all = [...this.#models.values()];
    const pipelines = [...this.#pipelines.values()];
    const meters = {
      versions: all.flatMap(({ versions }) => [...versions.values()]),
      pipelines,
      models: [...all.map(({ meter }) => meter), ...pipelines.map(({ asModel }) => asModel)],
    };
    return this.#families
      .map(([name, { type, help, samples }]) => head(name, type, help) + samples(name, meters))
      .join('');
  }
}

function counter(help: string, figures: (outcomes: Outcomes) => Float64Array): Family {
  return {
    type: 'counter',
    help,
    samples: (name, { versions, pipelines, models }) =>
      [...versions, ...pipelines, ...models]
        .flatMap(({ outcomes }) =>
          outcomes.labelled.map(([index, labels]) => sample(name, labels, figures(outcomes)[index]!)),
        )
        .join(''),
  };
}

function gauge(help: string, figure: (meter: VersionMeter) => number): Family {
  return {
    type: 'gauge',
    help,
    samples: (name, { versions }) => versions.map((meter) => sample(name, meter.labels, figure(meter))).join(''),
  };
}

function histogram(help: string, of: (meter: VersionMeter) => Histogram): Family {
  return {
    type: 'histogram',
    help,
    samples: (name, { versions }) => versions.map((meter) => histogramSamples(name, meter.labels, of(meter))).join(''),
  };
}
