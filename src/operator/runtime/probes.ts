import { type HttpPages, type ListenOptions, type Page, servePages } from './http-pages.ts';

/** @returns what is wrong, in a few words; undefined if nothing is */
export type Check = () => string | undefined;

export type Checks = Readonly<Record<string, Check>>;

export interface ProbeChecks {
  /** Whether the process works: each fails only for what a restart mends. */
  readonly healthz: Checks;
  /** Whether the process can do what it is there for. */
  readonly readyz: Checks;
}

/** Serves /healthz and /readyz: 200 and "ok", or 500 and which checks fail; with `?verbose`, each check. */
export function serveProbes({ healthz, readyz }: ProbeChecks, options: ListenOptions): Promise<HttpPages> {
  return servePages(
    {
      '/healthz': (query) => judge('healthz', healthz, query.has('verbose')),
      '/readyz': (query) => judge('readyz', readyz, query.has('verbose')),
    },
    options,
  );
}

/** Serves /metrics. @param text gives them, and their media type */
export function serveMetrics(
  text: () => Promise<{ readonly type: string; readonly body: string }>,
  options: ListenOptions,
): Promise<HttpPages> {
  return servePages({ '/metrics': async () => ({ status: 200, ...(await text()) }) }, options);
}

/** In the form that Kubernetes' own probes have. */
function judge(name: string, checks: Checks, verbose: boolean): Page {
  const lines: string[] = [];
  let failed = false;
  for (const [check, run] of Object.entries(checks)) {
    const problem = tryOut(run);
    failed ||= problem !== undefined;
    lines.push(problem === undefined ? `[+]${check} ok\n` : `[-]${check} failed: ${problem}\n`);
  }
  if (failed) return { status: 500, body: `${lines.join('')}${name} check failed\n` };
  return { status: 200, body: verbose ? `${lines.join('')}${name} check passed\n` : 'ok' };
}

function tryOut(check: Check): string | undefined {
  try {
    return check();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
