/** Values that the chart refuses, and what it says. */
export interface Refusal {
  readonly name: string;
  readonly values: object;
  readonly message: RegExp;
}

export const refusals: readonly Refusal[] = [
  { name: 'a misspelt value', values: { replica: 3 }, message: /additional properties 'replica' not allowed/ },
  {
    name: 'a misspelt value inside another',
    values: { image: { tags: 'x' } },
    message: /at '\/image': additional properties 'tags' not allowed/,
  },
  { name: 'replicas as a word', values: { replicas: 'two' }, message: /at '\/replicas': got string, want integer/ },
  {
    name: 'a log level of the server',
    values: { logLevel: 'INFO' },
    message: /at '\/logLevel': value must be one of 'trace', 'debug', 'info', 'warn', 'error'/,
  },
  {
    name: 'a digest without its algorithm',
    values: { image: { digest: 'a'.repeat(64) } },
    message: /at '\/image\/digest': .* does not match pattern .*sha256:/,
  },
  {
    name: 'a digest in the repository',
    values: { serverImage: { repository: `modelserver/server@sha256:${'a'.repeat(64)}` } },
    message: /at '\/serverImage\/repository': .* does not match pattern/,
  },
  {
    name: 'namespaces as one string',
    values: { watchNamespaces: 'a,b' },
    message: /at '\/watchNamespaces': got string, want array/,
  },
  {
    name: 'a namespace twice',
    values: { watchNamespaces: ['a', 'a'] },
    message: /at '\/watchNamespaces': items at 0 and 1 are equal/,
  },
  {
    name: 'a collector without http://',
    values: { otel: { endpoint: 'collector:4317' } },
    message: /at '\/otel\/endpoint': 'collector:4317' does not match pattern '\^\(https\?:/,
  },
  {
    name: 'a disruption budget that forbids every drain',
    values: { podDisruptionBudget: { maxUnavailable: 0 } },
    message: /at '\/podDisruptionBudget\/maxUnavailable': minimum: got 0, want 1/,
  },
  {
    name: 'an argument that is no flag',
    values: { extraArgs: ['workers=9'] },
    message: /at '\/extraArgs\/0': 'workers=9' does not match pattern '\^--'/,
  },
  {
    name: 'several operators without an election',
    values: { leaderElection: { enabled: false } },
    message: /replicas is 2, but leaderElection\.enabled is false: .* set replicas to 1/,
  },
  {
    name: "an argument for a sampler that isn't there",
    values: { otel: { endpoint: 'http://collector:4317', samplerArgument: '0.1' } },
    message: /otel\.samplerArgument means nothing without otel\.sampler; set that too/,
  },
  {
    name: 'a ServiceAccount of the user without its name',
    values: { serviceAccount: { create: false } },
    message: /serviceAccount\.name must name a ServiceAccount where serviceAccount\.create is false/,
  },
];
