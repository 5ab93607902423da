import type { MetricNames } from '../model/metric-name.ts';
import type { VersionStatus } from '../model/version-status.ts';
import type { Gauged, Meters } from './meter.ts';
import { ProcessMetrics, type ProcessOptions } from './process-metrics.ts';
import { ServingMetrics } from './serving-metrics.ts';

export interface MetricsOptions extends ProcessOptions {
  /** Those of OpenVINO Model Server's that are served. */
  readonly names: MetricNames;
}

/** All metrics of the server. */
export interface Metrics {
  /** For who measures requests. */
  readonly meters: Meters;
  /** For the registry. */
  readonly observer: {
    stateChanged(name: string, status: VersionStatus): void;
    loading(name: string, version: number): (error?: unknown) => void;
    loaded(name: string, version: number, model: Gauged): void;
    unloading(name: string, version: number): (error?: unknown) => void;
  };
  /** For who serves pipelines. */
  readonly pipelineObserver: {
    stateChanged(name: string, status: VersionStatus): void;
  };
  /** For a scrape: everything in Prometheus's text format. */
  text(): Promise<string>;
}

export function createMetrics(options: MetricsOptions): Metrics {
  const serving = new ServingMetrics(options.names);
  const process = new ProcessMetrics(options);
  const meters: Meters = {
    ofVersion: (loaded) => serving.ofVersion(loaded),
    ofPipeline: (name) => serving.ofPipeline(name),
    ofModel: (name) => serving.ofModel(name),
    refused: (endpoint, error) => process.failed(endpoint.interface, error),
  };
  const observer = {
    stateChanged(name: string, status: VersionStatus) {
      process.stateChanged(name, status);
      // One that drains has its figures still, and so has one that is loaded again meanwhile, unless that fails.
      const { version, state, errorCode } = status;
      if (state === 'END' || (state === 'LOADING' && errorCode !== 'OK')) serving.remove(name, version);
    },
    loading() {
      const begin = performance.now();
      return (error?: unknown) => {
        if (error === undefined) process.loaded((performance.now() - begin) / 1000);
        else process.notLoaded();
      };
    },
    loaded: (name: string, version: number, model: Gauged) => serving.add(name, version, model),
    unloading: () => () => {},
  };
  const pipelineObserver = {
    stateChanged(name: string, status: VersionStatus) {
      process.stateChanged(name, status);
      if (status.state === 'END') serving.removePipeline(name);
      else serving.addPipeline(name);
    },
  };
  const text = async () => serving.text() + (await process.text());
  return { meters, observer, pipelineObserver, text };
}
