import type { Problems } from './problems.ts';

/**
 * JSON, or a problem that says where it is none.
 * @param path under which the problem is told
 * @param complaint what the problem begins with
 * @returns undefined if there is a problem
 */
export function parseJson(text: string, path: string, problems: Problems, complaint = 'not valid JSON'): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    problems.say(path, `${complaint} - ${place(text, (error as Error).message)}`);
    return undefined;
  }
}

/** Where the parser names a position, the line and column that editors show. */
function place(text: string, message: string): string {
  const position = /at position (\d+)/.exec(message)?.[1];
  if (position === undefined || message.includes('line')) return message;
  const before = text.slice(0, Number(position)).split('\n');
  return `${message} (line ${before.length} column ${before.at(-1)!.length + 1})`;
}
