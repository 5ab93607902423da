import { ServingError } from '../../model/error.ts';

/** What is not JSON. The text is that of OpenVINO Model Server, which reads files in the same way. */
export function malformed(expected: string, bytes: Buffer, position: number, end: number): ServingError {
  return new ServingError(
    'invalid-argument',
    `The file is not valid json - Expected: ${expected}; Actual: ${found(bytes, position, end)} at byte ${position}`,
  );
}

function found(bytes: Buffer, position: number, end: number): string {
  if (position >= end) return 'the end';
  const byte = bytes[position]!;
  return byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `a byte of ${byte}`;
}
