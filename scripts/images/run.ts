import { spawnSync } from 'node:child_process';

export interface RunOptions {
  readonly input?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Runs a command quietly. @returns what it prints. @throws Error with the end of what it said, if it fails */
export function run(command: string, parameters: readonly string[], options: RunOptions = {}): string {
  const { input = '', environment = {} } = options;
  const env = { ...process.env, ...environment };
  const { status, error, stdout, stderr } = spawnSync(command, parameters, {
    input,
    env,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  if (error) throw new Error(`${command} cannot be run: ${error.message}`);
  if (status !== 0) {
    const words = `${stdout}${stderr}`.trim().split('\n').slice(-15).join('\n');
    throw new Error(`${command} ${parameters[0]} failed:\n${words}`);
  }
  return stdout;
}

export function isInstalled(command: string): boolean {
  return !spawnSync(command, ['--version'], { stdio: 'ignore' }).error;
}
