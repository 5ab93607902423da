import type { Kubectl } from './kubectl.ts';

/**
 * Resolves once the API server serves all resources that CustomResourceDefinitions say. kubectl refuses to wait for one that
 * has just been made and has no conditions at all: it is asked again.
 * @throws Error after 20 seconds
 */
export async function crdsEstablished(kubectl: Kubectl): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await kubectl(['wait', 'customresourcedefinitions', '--all', '--for=condition=Established', '--timeout=20s']);
      return;
    } catch (error) {
      if (tries === 20 || !/conditions accessor error/.test((error as Error).message)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
