/** Resolves with the signal that tells the process to end. To be called once. */
export function endOfService(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => resolve(signal));
  });
}
