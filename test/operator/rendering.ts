import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { ModelServer } from '../../src/operator/api/model-server.ts';
import { type Child, children } from '../../src/operator/desired/children.ts';
import { podTemplate } from '../../src/operator/desired/pod-template.ts';
import { serverConfig } from '../../src/operator/desired/server-config.ts';
import { validExamples } from '../crds/examples.ts';
import { modelServer } from '../support/model-server.ts';

/** Examples of test/crds/valid whose children are kept in test/operator/rendered, to be read. */
export const renderedExamples = ['minimal', 'everything-set'] as const;

const file = (example: string) => join(import.meta.dirname, 'rendered', `${example}.yaml`);

/** What the operator makes of a resource, in a cluster that has all that it can use. */
export function childrenOf(owner: ModelServer, podMonitors = true): Child[] {
  const pods = podTemplate(owner, owner.spec.image ?? 'registry.example.com/modelserver:1');
  return children(owner, { pods, config: serverConfig(owner.spec) }, { operatorNamespace: 'operators', podMonitors });
}

export function renderExample(example: string): string {
  const { spec } = validExamples().find((valid) => valid.file === example)!.object;
  const objects = childrenOf(modelServer(spec)).flatMap(({ object }) => object ?? []);
  return objects.map((object) => `---\n${stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })}`).join('');
}

export function readRendering(example: string): string {
  return readFileSync(file(example), 'utf8');
}

export function saveRendering(example: string): void {
  writeFileSync(file(example), renderExample(example));
}
