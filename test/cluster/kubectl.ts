import { execFile } from 'node:child_process';

/** Runs kubectl as the administrator. @returns what it prints. @throws Error with what it says on standard error */
export type Kubectl = (parameters: readonly string[], options?: { readonly input?: string }) => Promise<string>;

/** @param cache a folder; it would otherwise grow in the user's home */
export function kubectlFor(program: string, kubeconfig: string, cache: string): Kubectl {
  const options = { env: { ...process.env, KUBECACHEDIR: cache }, maxBuffer: 256 << 20 };
  return (parameters, { input = '' } = {}) =>
    new Promise((resolve, reject) => {
      // First, so that a test can name another kubeconfig.
      const child = execFile(program, ['--kubeconfig', kubeconfig, ...parameters], options, (error, output, said) => {
        if (error) reject(new Error(`kubectl ${parameters.join(' ')}: ${said.trim() || error.message}`));
        else resolve(output);
      });
      child.stdin!.on('error', () => {}).end(input);
    });
}
