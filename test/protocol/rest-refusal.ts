import type { Outcome } from './protocol-case.ts';

/** What `{"error": "…"}` says. */
export function refusalOf({ status }: Response, text: string): Outcome {
  return { code: status, message: JSON.parse(text).error };
}
