/** What is wrong with a value, by the path of the value; gathered, so that a user sees all of it at once. */
export class Problems {
  readonly all: string[] = [];

  /** @param path as in `model_config_list[2].config.nireq` */
  add(path: string, expected: string, actual: unknown): void {
    this.all.push(`${path}: expected ${expected}, got ${print(actual)}`);
  }

  say(path: string, text: string): void {
    this.all.push(`${path}: ${text}`);
  }
}

const longest = 60;

function print(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isInteger(value: unknown, least: number, most = Number.MAX_SAFE_INTEGER): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
}
