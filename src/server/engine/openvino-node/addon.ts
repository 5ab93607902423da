/** What the adapter uses of the openvino-node package, which need not be installed: its own types do not always stand beside us. */
export interface Addon {
  readonly Core: new () => Core;
  readonly Tensor: new (type: string, shape: readonly number[], data?: ArrayBufferView) => Tensor;
  readonly preprocess: { readonly PrePostProcessor: new (model: Model) => PrePostProcessor };
  getOpenvinoVersion?(): { readonly buildNumber: string };
}

export interface Core {
  addExtension(path: string): void;
  setProperty(properties: Readonly<Record<string, string>>): void;
  readModel(model: string, weights?: string): Promise<Model>;
  compileModel(model: Model, device: string, config: Readonly<Record<string, string>>): Promise<CompiledModel>;
}

/** Changes a model in place. */
export interface PrePostProcessor {
  input(index: number): { tensor(): LayoutHolder; model(): LayoutHolder };
  build(): void;
}

export interface LayoutHolder {
  setLayout(layout: string): unknown;
}

export interface Model {
  readonly inputs: readonly Output[];
  readonly outputs: readonly Output[];
  /** Takes shapes by the inputs' places, written as `[1,-1,2..5]`. */
  reshape(shapes: ReadonlyMap<number, string>): void;
}

export interface CompiledModel {
  readonly inputs: readonly Output[];
  readonly outputs: readonly Output[];
  getProperty(name: string): string | number | boolean;
  createInferRequest(): InferRequest;
}

export interface Output {
  getAnyName(): string;
  getPartialShape(): { getDimensions(): (number | [number, number])[] };
}

export interface InferRequest {
  inferAsync(inputs: readonly Tensor[]): Promise<unknown>;
  getInputTensor(index: number): Tensor;
  getOutputTensor(index: number): Tensor;
}

export interface Tensor {
  readonly data: ArrayBufferView;
  /** A number or a name, by the package's release. */
  getElementType(): number | string;
  getShape(): number[];
}

/** @throws Error if the package, or the addon that it downloads when it is installed, is not there */
export async function loadAddon(): Promise<Addon> {
  // Not a literal, so that types are not looked for where the package is not installed.
  const name: string = 'openvino-node';
  const { addon } = await import(name).then((module) => module.default ?? module);
  return addon;
}
