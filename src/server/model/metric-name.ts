/** The metrics of OpenVINO Model Server that are served unless a list says otherwise. */
export const defaultMetrics = [
  'ovms_requests_success',
  'ovms_requests_fail',
  'ovms_request_time_us',
  'ovms_current_requests',
  'ovms_inference_time_us',
  'ovms_wait_for_infer_req_time_us',
  'ovms_streams',
] as const;

/** Served where a list names them. */
export const optionalMetrics = ['ovms_infer_req_queue_size', 'ovms_infer_req_active'] as const;

/** Of MediaPipe graphs, which are not served here: a list may name them, and nothing comes of it. */
export const graphMetrics = [
  'ovms_current_graphs',
  'ovms_requests_accepted',
  'ovms_requests_rejected',
  'ovms_responses',
  'ovms_graph_error',
  'ovms_graph_processing_time_us',
  'ovms_graph_request_latency_us',
] as const;

export type MetricName = (typeof defaultMetrics)[number] | (typeof optionalMetrics)[number];

/** Which of OpenVINO Model Server's metrics are served; our own are always with them. */
export type MetricNames = ReadonlySet<MetricName>;
