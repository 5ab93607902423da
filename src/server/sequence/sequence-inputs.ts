import { ServingError } from '../model/error.ts';
import type { InferRequest, SequenceStep } from '../model/inference.ts';
import type { Signature, TensorInfo } from '../model/signature.ts';
import { bytesPerElement } from '../model/tensor.ts';

/** The input, and output, that says which sequence it is. */
export const sequenceId = 'sequence_id';
/** The input that says how a request stands in it: 1 for the first, 2 for the last, 0 or nothing in between. */
export const sequenceControl = 'sequence_control_input';

export const sequenceInputs: readonly string[] = [sequenceId, sequenceControl];

const precisions = { [sequenceId]: 'U64', [sequenceControl]: 'U32' } as const;

const infos: readonly TensorInfo[] = Object.entries(precisions).map(([name, precision]) => ({
  name,
  precision,
  shape: [{ min: 1, max: 1 }],
  layout: 'N',
}));

/** What a request to a stateful model may have: JSON can be read only if the types are known. */
export function withSequenceInputs({ inputs, outputs }: Signature): Signature {
  return { inputs: [...inputs, ...infos], outputs };
}

/** What OpenVINO Model Server says of a special input without a value of the right type. */
const badType = {
  [sequenceId]: 'Could not find sequence id in expected tensor proto field uint64_val',
  [sequenceControl]: 'Could not find sequence control input in expected tensor proto field uint32_val',
} as const;

const control = { between: 0n, first: 1n, last: 2n } as const;

/**
 * Parts a request to a stateful model from what it says of its sequence. Values are taken from `tensor_content` too; otherwise the checks, their
 * order and their texts are those of OpenVINO Model Server, part of the contract.
 * @throws ServingError `invalid-argument`
 */
export function readSequence(request: InferRequest): { readonly request: InferRequest; readonly step: SequenceStep } {
  const { inputs, sequence } = request;
  const isTold = inputs.has(sequenceId) || inputs.has(sequenceControl);
  if (!isTold) return { request, step: checked(sequence ?? stepOf(0n, control.between)) };
  const id = numberIn(inputs, sequenceId);
  const step = checked(stepOf(id, numberIn(inputs, sequenceControl)));
  const others = new Map([...inputs].filter(([name]) => !sequenceInputs.includes(name)));
  return { request: { ...request, inputs: others }, step };
}

function stepOf(id: bigint, value: bigint): SequenceStep {
  if (value > control.last) throw invalid('Unexpected value of sequence control input');
  return { id, isFirst: value === control.first, isLast: value === control.last };
}

/** Only a sequence that begins needs no id. */
function checked(step: SequenceStep): SequenceStep {
  if (step.id === 0n && !step.isFirst) throw invalid('Sequence ID has not been provided in request inputs');
  return step;
}

/** 0n for one that is not there, as for one that says nothing. */
function numberIn(inputs: InferRequest['inputs'], name: keyof typeof precisions): bigint {
  const input = inputs.get(name);
  if (!input) return 0n;
  const { precision, shape, payload } = input;
  if (shape.length === 0) throw invalid('Special input proto does not contain tensor shape information');
  const required = `Required shape for ${name} is: (1)`;
  if (shape.length !== 1) throw invalid(`Invalid number of shape dimensions - ${required}`);
  if (shape[0] !== 1) throw invalid(`Invalid input shape - ${required}`);
  const size = bytesPerElement[precisions[name]];
  const isNumber = payload.kind === 'bytes' || payload.kind === 'values';
  if (precision !== precisions[name] || !isNumber || payload.bytes.byteLength !== size) throw invalid(badType[name]);
  const { buffer, byteOffset } = payload.bytes;
  const bytes = Buffer.from(buffer, byteOffset, size);
  return size === 8 ? bytes.readBigUInt64LE() : BigInt(bytes.readUInt32LE());
}

function invalid(message: string): ServingError {
  return new ServingError('invalid-argument', message);
}
