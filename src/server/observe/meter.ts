import type { Endpoint } from './endpoint.ts';

/** What requests to one version, or to one model, leave behind in figures. Where a meter is undefined, nothing is measured. */
export interface Meter {
  /** A request is in work, until it is told by one of the next two. */
  begun(): void;
  /** @param ms milliseconds from the request's message to the answer's */
  answered(endpoint: Endpoint, ms: number): void;
  failed(endpoint: Endpoint): void;
  /**
   * The model ran for a request.
   * @param waitedMs milliseconds until an infer request was at hand
   * @param ranMs milliseconds of the inference
   */
  inferred(waitedMs: number, ranMs: number): void;
}

/** What requests to a pipeline leave behind. */
export interface PipelineMeter extends Meter {
  /** @param ms milliseconds that a node took, from when it could begin: waits are among them */
  nodeRan(node: string, ms: number): void;
}

/** What a meter reads from a loaded version when it is asked. */
export interface Gauged {
  readonly inferRequests: number;
  readonly streams: number;
  readonly inUse: number;
  readonly waiting: number;
}

export interface Meters {
  /** Of the version that a loaded model serves as. */
  ofVersion(model: object): Meter | undefined;
  /** Of a pipeline that is wanted. */
  ofPipeline(name: string): PipelineMeter | undefined;
  /** Of a model as a whole, as long as a version of it is loaded. */
  ofModel(name: string): Meter | undefined;
  /** A request has failed, whatever it asked for. */
  refused(endpoint: Pick<Endpoint, 'interface'>, error: unknown): void;
}
