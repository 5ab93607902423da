import koffi from 'koffi';
import { ServingError } from '../../model/error.ts';

/** An address of something that the runtime owns. */
export type Handle = bigint;

export interface NativeShape {
  readonly rank: number | bigint;
  readonly dims: BigInt64Array | bigint | null;
}

export interface NativeProperty {
  readonly key: string;
  readonly value: string;
}

/** OpenVINO's C API (`ov_*`), as much as serving needs. Functions return a status; 0 is success. */
export type Library = ReturnType<typeof openLibrary>;

koffi.struct('ov_shape_t', { rank: 'int64_t', dims: 'int64_t *' });
koffi.struct('ov_dimension_t', { min: 'int64_t', max: 'int64_t' });
koffi.struct('ov_partial_shape_t', { rank: 'ov_dimension_t', dims: 'ov_dimension_t *' });
koffi.struct('ov_property_t', { key: 'str', value: 'str' });
koffi.struct('ov_version_t', { buildNumber: 'str', description: 'str' });

/** @param path of libopenvino_c; the libraries that it needs lie beside it */
export function openLibrary(path: string) {
  const library = koffi.load(path);
  const declare = (prototype: string) => library.func(prototype);
  return {
    /** Calls that leave their words, if they fail, where a load looks for its own: how many have, and the statuses to come. */
    calls: { failed: 0, running: new Set<Promise<number>>() },
    version: declare('int ov_get_openvino_version(_Out_ ov_version_t *version)'),
    lastError: declare('const char *ov_get_last_err_msg()'),
    free: declare('void ov_free(void *content)'),

    coreCreate: declare('int ov_core_create(_Out_ void **core)'),
    coreFree: declare('void ov_core_free(void *core)'),
    coreAddExtension: declare('int ov_core_add_extension(void *core, const char *path)'),
    coreSetProperties: declare(
      'int ov_core_set_properties(void *core, const char *device, size_t count, const ov_property_t *properties)',
    ),
    readModel: declare('int ov_core_read_model(void *core, const char *path, const char *weights, _Out_ void **model)'),
    modelFree: declare('void ov_model_free(void *model)'),
    modelInputsSize: declare('int ov_model_inputs_size(void *model, _Out_ size_t *size)'),
    modelInput: declare('int ov_model_const_input_by_index(void *model, size_t index, _Out_ void **port)'),
    modelOutputsSize: declare('int ov_model_outputs_size(void *model, _Out_ size_t *size)'),
    modelOutput: declare('int ov_model_const_output_by_index(void *model, size_t index, _Out_ void **port)'),
    reshape: declare(
      'int ov_model_reshape_by_port_indexes(void *model, const size_t *indexes, const ov_partial_shape_t *shapes, size_t count)',
    ),
    compileModel: declare(
      'int ov_core_compile_model_props(void *core, void *model, const char *device, size_t count, const ov_property_t *properties, _Out_ void **compiled)',
    ),

    layoutCreate: declare('int ov_layout_create(const char *text, _Out_ void **layout)'),
    layoutFree: declare('void ov_layout_free(void *layout)'),
    stepsCreate: declare('int ov_preprocess_prepostprocessor_create(void *model, _Out_ void **steps)'),
    stepsBuild: declare('int ov_preprocess_prepostprocessor_build(void *steps, _Out_ void **model)'),
    stepsFree: declare('void ov_preprocess_prepostprocessor_free(void *steps)'),
    stepsInput: declare(
      'int ov_preprocess_prepostprocessor_get_input_info_by_index(void *steps, size_t index, _Out_ void **input)',
    ),
    stepsInputFree: declare('void ov_preprocess_input_info_free(void *input)'),
    stepsTensor: declare('int ov_preprocess_input_info_get_tensor_info(void *input, _Out_ void **tensor)'),
    stepsTensorLayout: declare('int ov_preprocess_input_tensor_info_set_layout(void *tensor, void *layout)'),
    stepsTensorType: declare('int ov_preprocess_input_tensor_info_set_element_type(void *tensor, int type)'),
    stepsTensorColors: declare('int ov_preprocess_input_tensor_info_set_color_format(void *tensor, int format)'),
    stepsTensorFree: declare('void ov_preprocess_input_tensor_info_free(void *tensor)'),
    stepsModel: declare('int ov_preprocess_input_info_get_model_info(void *input, _Out_ void **model)'),
    stepsModelLayout: declare('int ov_preprocess_input_model_info_set_layout(void *model, void *layout)'),
    stepsModelFree: declare('void ov_preprocess_input_model_info_free(void *model)'),
    stepsProcess: declare('int ov_preprocess_input_info_get_preprocess_steps(void *input, _Out_ void **process)'),
    stepsToType: declare('int ov_preprocess_preprocess_steps_convert_element_type(void *process, int type)'),
    stepsToColors: declare('int ov_preprocess_preprocess_steps_convert_color(void *process, int format)'),
    stepsMean: declare('int ov_preprocess_preprocess_steps_mean(void *process, float value)'),
    stepsMeans: declare(
      'int ov_preprocess_preprocess_steps_mean_multi_channels(void *process, const float *values, int32_t count)',
    ),
    stepsScale: declare('int ov_preprocess_preprocess_steps_scale(void *process, float value)'),
    stepsScales: declare(
      'int ov_preprocess_preprocess_steps_scale_multi_channels(void *process, const float *values, int32_t count)',
    ),
    stepsProcessFree: declare('void ov_preprocess_preprocess_steps_free(void *process)'),

    compiledFree: declare('void ov_compiled_model_free(void *compiled)'),
    compiledProperty: declare(
      'int ov_compiled_model_get_property(void *compiled, const char *key, _Out_ void **value)',
    ),
    inputsSize: declare('int ov_compiled_model_inputs_size(void *compiled, _Out_ size_t *size)'),
    outputsSize: declare('int ov_compiled_model_outputs_size(void *compiled, _Out_ size_t *size)'),
    input: declare('int ov_compiled_model_input_by_index(void *compiled, size_t index, _Out_ void **port)'),
    output: declare('int ov_compiled_model_output_by_index(void *compiled, size_t index, _Out_ void **port)'),
    portName: declare('int ov_port_get_any_name(void *port, _Out_ void **name)'),
    portType: declare('int ov_port_get_element_type(void *port, _Out_ int *type)'),
    portShape: declare('int ov_port_get_partial_shape(void *port, _Out_ ov_partial_shape_t *shape)'),
    portFree: declare('void ov_output_const_port_free(void *port)'),
    partialShapeFree: declare('void ov_partial_shape_free(ov_partial_shape_t *shape)'),

    createRequest: declare('int ov_compiled_model_create_infer_request(void *compiled, _Out_ void **request)'),
    requestFree: declare('void ov_infer_request_free(void *request)'),
    setInput: declare('int ov_infer_request_set_input_tensor_by_index(void *request, size_t index, void *tensor)'),
    setOutput: declare('int ov_infer_request_set_output_tensor_by_index(void *request, size_t index, void *tensor)'),
    getOutput: declare(
      'int ov_infer_request_get_output_tensor_by_index(void *request, size_t index, _Out_ void **tensor)',
    ),
    infer: declare('int ov_infer_request_infer(void *request)'),

    tensorCreate: declare('int ov_tensor_create(int type, ov_shape_t shape, _Out_ void **tensor)'),
    tensorOverHost: declare(
      'int ov_tensor_create_from_host_ptr(int type, ov_shape_t shape, void *data, _Out_ void **tensor)',
    ),
    tensorOfStrings: declare(
      'int ov_tensor_create_from_string_array(const void *strings, size_t count, ov_shape_t shape, _Out_ void **tensor)',
    ),
    tensorData: declare('int ov_tensor_data(void *tensor, _Out_ void **data)'),
    tensorShape: declare('int ov_tensor_get_shape(void *tensor, _Out_ ov_shape_t *shape)'),
    shapeFree: declare('int ov_shape_free(ov_shape_t *shape)'),
    tensorFree: declare('void ov_tensor_free(void *tensor)'),
  };
}

/** @throws Error with the runtime's own words, if the status is not success */
export function check(library: Library, status: number): void {
  if (status === 0) return;
  library.calls.failed++;
  throw new Error(lastError(library, status));
}

/**
 * What the runtime says of its last failure, in one line without the places in its sources.
 * Process-wide, whichever thread failed: ask at once, and let no two loads run side by side.
 */
export function lastError(library: Library, status: number): string {
  const text: string | null = library.lastError();
  const lines = (text ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('Exception from '));
  return lines.join(' ') || `OpenVINO error ${status}`;
}

/** Calls a function that gives a handle through its last parameter. */
export function handleFrom(library: Library, call: (out: [Handle | null]) => number): Handle {
  const out: [Handle | null] = [null];
  check(library, call(out));
  return out[0]!;
}

/** Runs a function of the library on a thread of the pool. @returns its status; of a function without one, nothing */
export function offLoop(
  fn: Exclude<Library[keyof Library], Library['calls']>,
  ...parameters: unknown[]
): Promise<number> {
  return new Promise((resolve, reject) => {
    fn.async(...parameters, (error: unknown, status: number) => (error ? reject(error) : resolve(status)));
  });
}

/** A string that the runtime allocated; it is freed. */
export function takeString(library: Library, address: Handle): string {
  const text = koffi.decode.string(address);
  library.free(address);
  return text;
}

export function nativeShape(shape: readonly number[]): NativeShape {
  return { rank: shape.length, dims: BigInt64Array.from(shape, BigInt) };
}

/** An array of C integers or structs at an address. */
export function decodeArray(address: Handle, type: string, length: number): unknown[] {
  return length === 0 ? [] : Array.from(koffi.decode(address, type, length) as ArrayLike<unknown>);
}

/** The runtime's own memory; valid for as long as the runtime keeps it. */
export function memoryAt(address: Handle, bytes: number): Uint8Array {
  return bytes === 0 ? new Uint8Array(0) : new Uint8Array(koffi.view(address, bytes));
}

export function addressOf(bytes: Uint8Array): Handle {
  return koffi.address(bytes);
}

/** `Model with …` errors of loading carry the real cause. */
export function loadError(what: string, error: unknown): ServingError {
  const cause = error instanceof Error ? error.message : String(error);
  return new ServingError('failed-precondition', `${what} - ${cause}`, { cause: error });
}
