import type { Dashboard, Panel, Query } from './grafana.ts';

/** Of the operator's own metrics: controller-runtime's names, with which boards made for other operators work as well. */
const operatorOf = 'namespace=~"$namespace",job=~"$job"';
const serverOf = 'namespace=~"$namespace",job=~"$job",name=~"$model"';

const line = (title: string, unit: string, description: string, ...queries: Query[]): Panel => ({
  title,
  unit,
  description,
  queries,
  kind: 'timeseries',
  width: 8,
});
const figure = (title: string, unit: string, description: string, expression: string): Panel => ({
  title,
  unit,
  description,
  queries: [{ expression, legend: '' }],
  kind: 'stat',
  width: 6,
});
const ask = (expression: string, legend: string): Query => ({ expression, legend });

/** Of a histogram: its median, and its slow end. */
const quantiles = (histogram: string, selector: string, by: string): Query[] =>
  [0.5, 0.9, 0.99].map((quantile) =>
    ask(
      `histogram_quantile(${quantile}, sum by (le, ${by}) (rate(${histogram}_bucket{${selector}}[$__rate_interval])))`,
      `{{${by}}} p${quantile * 100}`,
    ),
  );

const operator: Dashboard = {
  name: 'operator',
  uid: 'modelserver-operator',
  title: 'modelserver / operator',
  description: 'Whether the operator keeps up with ModelServers, and what it costs the API server.',
  variables: [
    { name: 'namespace', label: 'Namespace', query: 'label_values(leader_election_master_status, namespace)' },
    { name: 'job', label: 'Job', query: 'label_values(leader_election_master_status{namespace=~"$namespace"}, job)' },
  ],
  rows: [
    {
      title: 'At a glance',
      panels: [
        figure(
          'Leaders',
          'short',
          'One, but for a moment while one takes over.',
          `sum(leader_election_master_status{${operatorOf}})`,
        ),
        figure(
          'Ready ModelServers',
          'percentunit',
          'Of all.',
          `sum(max by (reason) (modelserver_resources{${operatorOf},ready="True"})) / sum(max by (ready, reason) (modelserver_resources{${operatorOf}}))`,
        ),
        figure(
          'Errors in 10 minutes',
          'short',
          'Reconciles that failed and are tried again.',
          `sum(increase(controller_runtime_reconcile_errors_total{${operatorOf}}[10m]))`,
        ),
        figure(
          'Longest under way',
          's',
          'How long the oldest reconcile has run.',
          `max(workqueue_longest_running_processor_seconds{${operatorOf}})`,
        ),
      ],
    },
    {
      title: 'Reconciles',
      panels: [
        line(
          'Reconciles',
          'ops',
          'By result. A steady state has none but the resync.',
          ask(
            `sum by (result) (rate(controller_runtime_reconcile_total{${operatorOf}}[$__rate_interval]))`,
            '{{result}}',
          ),
        ),
        line(
          'Time of a reconcile',
          's',
          'From taking a ModelServer off the queue to its last write.',
          ...quantiles('controller_runtime_reconcile_time_seconds', operatorOf, 'controller'),
        ),
        line(
          'Workers',
          'short',
          'Busy ones, and how many there are.',
          ask(`sum by (pod) (controller_runtime_active_workers{${operatorOf}})`, '{{pod}} busy'),
          ask(`max(controller_runtime_max_concurrent_reconciles{${operatorOf}})`, 'most'),
        ),
      ],
    },
    {
      title: 'Queue',
      panels: [
        line(
          'Depth',
          'short',
          'ModelServers that wait for a worker.',
          ask(`sum by (pod) (workqueue_depth{${operatorOf}})`, '{{pod}}'),
        ),
        line(
          'Time in the queue',
          's',
          'Before a worker takes it.',
          ...quantiles('workqueue_queue_duration_seconds', operatorOf, 'controller'),
        ),
        line(
          'Added and retried',
          'ops',
          'Retries mean that something fails again and again.',
          ask(`sum(rate(workqueue_adds_total{${operatorOf}}[$__rate_interval]))`, 'added'),
          ask(`sum(rate(workqueue_retries_total{${operatorOf}}[$__rate_interval]))`, 'retried'),
        ),
      ],
    },
    {
      title: 'ModelServers',
      panels: [
        // Each operator counts them, the leader and the others.
        line(
          'Not ready',
          'short',
          'By reason. What is rolling or loading is on its way; the rest wants somebody.',
          ask(`max by (reason) (modelserver_resources{${operatorOf},ready!="True"})`, '{{reason}}'),
        ),
        line('Models', 'short', 'By state.', ask(`max by (state) (modelserver_models{${operatorOf}})`, '{{state}}')),
        line(
          'Versions of models',
          'short',
          'By state.',
          ask(`max by (state) (modelserver_model_versions{${operatorOf}})`, '{{state}}'),
        ),
      ],
    },
    {
      title: 'API server and process',
      panels: [
        line(
          'Calls to the API server',
          'ops',
          'By status code and method. Many 429 mean that it throttles.',
          ask(
            `sum by (code, method) (rate(rest_client_requests_total{${operatorOf}}[$__rate_interval]))`,
            '{{method}} {{code}}',
          ),
        ),
        line(
          'Memory',
          'bytes',
          'Resident.',
          ask(`sum by (pod) (process_resident_memory_bytes{${operatorOf}})`, '{{pod}}'),
        ),
        line(
          'CPU',
          'short',
          'Cores.',
          ask(`sum by (pod) (rate(process_cpu_seconds_total{${operatorOf}}[$__rate_interval]))`, '{{pod}}'),
        ),
      ],
    },
  ],
};

const servers: Dashboard = {
  name: 'servers',
  uid: 'modelserver-servers',
  title: 'modelserver / servers',
  description: 'What is asked of the models, how fast they answer, and what they wait for.',
  variables: [
    { name: 'namespace', label: 'Namespace', query: 'label_values(ovms_streams, namespace)' },
    { name: 'job', label: 'ModelServer', query: 'label_values(ovms_streams{namespace=~"$namespace"}, job)' },
    { name: 'model', label: 'Model', query: 'label_values(ovms_streams{namespace=~"$namespace",job=~"$job"}, name)' },
  ],
  rows: [
    {
      title: 'At a glance',
      panels: [
        figure('Requests', 'reqps', 'Answered well.', `sum(rate(ovms_requests_success{${serverOf}}[5m]))`),
        figure(
          'Failed',
          'percentunit',
          'Of all requests, in 5 minutes.',
          `sum(rate(ovms_requests_fail{${serverOf}}[5m])) / (sum(rate(ovms_requests_success{${serverOf}}[5m])) + sum(rate(ovms_requests_fail{${serverOf}}[5m])))`,
        ),
        figure(
          'p99',
          'µs',
          'Of a request in the server, in 5 minutes.',
          `histogram_quantile(0.99, sum by (le) (rate(ovms_request_time_us_bucket{${serverOf}}[5m])))`,
        ),
        figure('Under way', 'short', 'Requests in all servers.', `sum(ovms_current_requests{${serverOf}})`),
      ],
    },
    {
      title: 'Requests',
      panels: [
        line(
          'Answered',
          'reqps',
          'By model and version: shows how a new version takes over.',
          ask(
            `sum by (name, version) (rate(ovms_requests_success{${serverOf}}[$__rate_interval]))`,
            '{{name}} {{version}}',
          ),
        ),
        line(
          'Failed',
          'reqps',
          'By model and method.',
          ask(`sum by (name, method) (rate(ovms_requests_fail{${serverOf}}[$__rate_interval]))`, '{{name}} {{method}}'),
        ),
        line(
          'By pod',
          'reqps',
          'Uneven where clients keep one gRPC connection each.',
          ask(`sum by (pod) (rate(ovms_requests_success{${serverOf}}[$__rate_interval]))`, '{{pod}}'),
        ),
      ],
    },
    {
      title: 'Time',
      panels: [
        line('Of a request', 'µs', 'In the server.', ...quantiles('ovms_request_time_us', serverOf, 'name')),
        line('Of an inference', 'µs', 'In the runtime.', ...quantiles('ovms_inference_time_us', serverOf, 'name')),
        line(
          'Waiting for an infer request',
          'µs',
          'Grows when the model is asked for more than it can do.',
          ...quantiles('ovms_wait_for_infer_req_time_us', serverOf, 'name'),
        ),
      ],
    },
    {
      title: 'Load',
      panels: [
        line(
          'Under way',
          'short',
          'Requests in the servers.',
          ask(`sum by (name) (ovms_current_requests{${serverOf}})`, '{{name}}'),
        ),
        line(
          'Infer requests in use',
          'percentunit',
          'Of those that there are. At 1 requests wait: scale out.',
          ask(
            `sum by (name) (ovms_infer_req_active{${serverOf}}) / sum by (name) (ovms_infer_req_queue_size{${serverOf}})`,
            '{{name}}',
          ),
        ),
        line(
          'Requests for each stream',
          'short',
          'What to scale by: above 1 the models have more to do than they can do at once.',
          ask(
            `sum by (name) (ovms_current_requests{${serverOf}}) / sum by (name) (ovms_streams{${serverOf}})`,
            '{{name}}',
          ),
        ),
      ],
    },
  ],
};

export const dashboards: readonly Dashboard[] = [operator, servers];
