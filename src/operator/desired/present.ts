/** An object without the keys that have no value: what is not said is left to Kubernetes, or to whoever else has a say. */
export function present<T extends object>(object: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}
