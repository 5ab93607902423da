import type { ControlPlane } from '../control-plane.ts';

/** `get secrets in blue`; without a namespace, in the whole cluster. `patch modelservers/status.modelserver.dev in blue` */
export type Access = `${string} ${string}`;

/** Asks the API server, all at once. @returns which of the accesses the user has */
export async function allowedTo(
  { kubectl }: Pick<ControlPlane, 'kubectl'>,
  user: string,
  accesses: readonly Access[],
): Promise<Access[]> {
  const reviews = accesses.map((access) => ({
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user, groups: groupsOf(user), resourceAttributes: attributesOf(access) },
  }));
  const input = reviews.map((review) => JSON.stringify(review)).join('\n---\n');
  const create = ['create', '--filename=-', '--output=jsonpath={.status.allowed}{"\\n"}'];
  const answers = (await kubectl(create, { input })).trim().split('\n');
  if (answers.length !== accesses.length) throw new Error(`${accesses.length} accesses, ${answers.length} answers`);
  return accesses.filter((_, index) => answers[index] === 'true');
}

function attributesOf(access: Access): object {
  const [, verb, what, name, namespace] = /^(\S+) ([^\s:]+)(?::(\S+))?(?: in (\S+))?$/.exec(access) ?? [];
  if (verb === undefined || what === undefined) throw new Error(`not an access: ${access}`);
  const [path, ...group] = what.split('.');
  const [resource, subresource] = path!.split('/');
  return { verb, resource, subresource, name, namespace, group: group.join('.') };
}

function groupsOf(user: string): string[] {
  const [, namespace] = /^system:serviceaccount:([^:]+):/.exec(user) ?? [];
  const all = ['system:authenticated'];
  return namespace === undefined ? all : [...all, 'system:serviceaccounts', `system:serviceaccounts:${namespace}`];
}
