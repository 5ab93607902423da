import type { PlainTensor } from './plain-tensor.ts';
import type { Message, ProtocolCase } from './protocol-case.ts';
import { infer, tensor } from './tensor-cases.ts';

const b = tensor('FP32', [1, 2], [1, 2]);
const id = (value: bigint) => tensor('U64', [1], [value]);
const control = (value: number) => tensor('U32', [1], [value]);

/** Of a stateful model, whose sequences are told by inputs in every protocol. */
function refused(
  name: string,
  sequence: Readonly<Record<string, PlainTensor>>,
  message: Message,
  not: ProtocolCase['not'] = {},
): ProtocolCase {
  return { name, ask: infer('total', { b, ...sequence }), expected: { refusal: 'invalid', message }, not };
}

export const sequenceCases: readonly ProtocolCase[] = [
  refused('no sequence', {}, 'Sequence ID has not been provided in request inputs'),
  refused(
    'a sequence without a number that goes on',
    { sequence_control_input: control(0) },
    'Sequence ID has not been provided in request inputs',
  ),
  refused(
    'a step that is none',
    { sequence_id: id(7n), sequence_control_input: control(3) },
    'Unexpected value of sequence control input',
  ),
  refused(
    'the number of a sequence as a scalar',
    { sequence_id: tensor('U64', [], [7n]) },
    'Special input proto does not contain tensor shape information',
  ),
  refused(
    'two numbers of a sequence',
    { sequence_id: tensor('U64', [2], [7n, 8n]) },
    'Invalid input shape - Required shape for sequence_id is: (1)',
  ),
  refused(
    'the number of a sequence as another type',
    { sequence_id: tensor('I64', [1], [7n]) },
    'Could not find sequence id in expected tensor proto field uint64_val',
    { 'TFS REST': 'numbers have the type of the input they are for' },
  ),
  refused(
    'a step as another type',
    { sequence_id: id(7n), sequence_control_input: tensor('I32', [1], [1]) },
    'Could not find sequence control input in expected tensor proto field uint32_val',
    { 'TFS REST': 'numbers have the type of the input they are for' },
  ),
  {
    name: 'a sequence that nobody began',
    ask: infer('total', { b, sequence_id: id(18_446_744_073_709_551_615n), sequence_control_input: control(0) }),
    expected: { refusal: 'not found', message: 'Sequence with provided ID does not exist' },
  },
  {
    name: 'the end of a sequence that nobody began',
    ask: infer('total', { b, sequence_id: id(7n), sequence_control_input: control(2) }),
    expected: { refusal: 'not found', message: 'Sequence with provided ID does not exist' },
  },
];
