import type { Dataplane } from '../../dataplane/dataplane.ts';
import { encodeAllStatusesJson } from '../../wire/tfs/model-json.ts';
import { toldOfConfig } from '../told-of-config.ts';
import { json, type Route } from './routes.ts';

export interface ConfigRoutesOptions {
  /** Why what the config file says now is not in force. */
  readonly problems: () => readonly string[];
  /** Reads it and loads what is new; resolves to whether it has changed. Throws a ServingError if it is wrong. */
  readonly reload: () => Promise<boolean>;
}

/** What is served of the config, and an order to read it now. */
export function configRoutes(dataplane: Dataplane, { problems, reload }: ConfigRoutesOptions): Route[] {
  const statuses = () => {
    const all = [...dataplane.statuses()].map(
      ([name, versions]) => [name, toldOfConfig(versions, problems())] as const,
    );
    return encodeAllStatusesJson(new Map(all));
  };
  return [
    { method: 'GET', path: '/v1/config', answer: () => ({ contentType: json, body: statuses() }) },
    {
      method: 'POST',
      path: '/v1/config/reload',
      async answer() {
        const before = statuses();
        const isChanged = await reload();
        const body = statuses();
        return { status: isChanged || body !== before ? 201 : 200, contentType: json, body };
      },
    },
  ];
}
