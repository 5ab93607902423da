/**
 * What can be wrong with a pipeline, in the order in which it is told. The texts are those of OpenVINO Model Server, part of the
 * contract; details follow them.
 */
const complaints = {
  library: 'Pipeline refers to incorrect library',
  initialization: 'Failure during custom node library initialization',
  ends: 'Pipeline definition is missing request or response node',
  requests: 'Pipeline definition has multiple request nodes',
  responses: 'Pipeline definition has multiple response nodes',
  dynamicWithin: 'Functionality not implemented',
  sameName: 'Pipeline definition has multiple nodes with the same name',
  type: 'Unsupported node type',
  model: 'Pipeline definition has reference to missing model',
  forbidden: 'Value of provided parameter is forbidden',
  demultipliedStrings: 'Demultiplication is not supported for string precision',
  demultipliedRank: 'Pipeline has not enough shape dimensions to demultiply',
  demultipliedCount: 'Demultiplication count does not match tensor first dimension',
  gatherFromNothing: 'Gather node refers to not existing node',
  gatherFromOther: "Gather node refers to node that isn't demultiplexer",
  node: 'Pipeline definition has reference to missing node',
  fromResponse: 'Pipeline definition has response node used as dependency node',
  dataSource: 'Pipeline definition has reference to missing data source',
  modelOutput: 'Pipeline definition has reference to missing model output',
  modelInput: 'Pipeline definition has connection to non existing model input',
  connectedTwice: 'Pipeline definition has multiple connections to the same input of underlying model',
  unconnectedInputs: 'Pipeline definition does not have connections for all inputs of underlying models',
  shape: 'Invalid input shape',
  precision: 'Invalid input precision',
  strings: 'Functionality not implemented',
  cycle: 'Pipeline definition contains a cycle',
  unconnectedNodes: 'Pipeline definition has unconnected nodes',
  order: 'Demultiplexer and gather nodes are not in LIFO order',
  sharedInput: 'Multiple nodes connected to the same pipeline input require different tensor metadata',
  condition: 'Condition of a node cannot be tested',
  customMetadata: 'Custom node failed on metadata call',
  customInputName: 'Custom node input is missing name',
  customOutputName: 'Custom node output is missing name',
} as const;

export type Complaint = keyof typeof complaints;

const order = Object.keys(complaints);

/** What is wrong with one pipeline: gathered, so that a user sees all of it at once. */
export class PipelineProblems {
  readonly #found: { readonly complaint: Complaint; readonly details: string }[] = [];

  /** @param details what it is about, as in `Node: n; input: b` */
  add(complaint: Complaint, details: string): void {
    this.#found.push({ complaint, details });
  }

  get isEmpty(): boolean {
    return this.#found.length === 0;
  }

  /** Each as a text, in order. */
  get all(): string[] {
    return this.#found
      .toSorted((a, b) => order.indexOf(a.complaint) - order.indexOf(b.complaint))
      .map(({ complaint, details }) => `${complaints[complaint]} - ${details}`);
  }

  /** Whether nothing is wrong but that models are missing, which may still come. */
  get onlyMissingModels(): boolean {
    return this.#found.every(({ complaint }) => complaint === 'model');
  }
}
