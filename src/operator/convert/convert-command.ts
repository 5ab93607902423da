import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { ConvertError, type Converted, convert } from './convert.ts';
import { printable } from './notes.ts';

/** The process, as far as the command needs it. */
export interface ConvertIo {
  readonly stdin: AsyncIterable<Uint8Array | string>;
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

const usage = `Usage: modelserver-operator convert [--strict] FILE…|-

Converts ModelServers of the OpenVINO operator (intel.com/v1alpha1) to modelserver.dev/v1alpha1. The result goes to standard
output; what could not be carried over stands on top of it as comments, and is told on standard error.

  --strict   end with code 1 where something is left to do

Codes: 0 converted, 1 with --strict where something is left to do, 2 nothing was converted.
`;

/**
 * `modelserver-operator convert`.
 * @param argv what stands behind `convert`
 * @returns the exit code
 */
export async function convertCommand(argv: readonly string[], io: ConvertIo): Promise<number> {
  const refuse = (message: string) => {
    io.stderr.write(`${message}\n`);
    return 2;
  };
  let files: string[];
  let flags: { strict?: boolean | undefined; help?: boolean | undefined };
  try {
    ({ positionals: files, values: flags } = parseArgs({
      args: [...argv],
      options: { strict: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
    }));
  } catch (error) {
    return refuse(`${(error as Error).message}\n\n${usage}`);
  }
  if (flags.help) {
    io.stdout.write(usage);
    return 0;
  }
  if (files.length === 0) return refuse(`Which file is to be converted? "-" stands for standard input.\n\n${usage}`);
  const converted: Converted[] = [];
  for (const file of files) {
    const name = file === '-' ? 'standard input' : file;
    try {
      converted.push(convert(file === '-' ? await readAll(io.stdin) : await readFile(file, 'utf8')));
    } catch (error) {
      return refuse(`${printable(name)} cannot be converted: ${reasonOf(error)}`);
    }
  }
  const notes = converted.flatMap((one) => one.notes);
  io.stdout.write(converted.map(({ yaml }) => yaml).join('---\n'));
  for (const { resource, field, value, advice, todo } of notes) {
    io.stderr.write(`${todo ? 'To do' : 'Note'}: ${printable(resource)}: ${field}: ${value}\n  ${advice}\n`);
  }
  return flags.strict && notes.some(({ todo }) => todo) ? 1 : 0;
}

async function readAll(stdin: ConvertIo['stdin']): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString('utf8');
}

function reasonOf(error: unknown): string {
  if (error instanceof ConvertError) return error.message;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'it is a folder';
  if (code === 'EACCES') return 'it may not be read';
  throw error;
}
