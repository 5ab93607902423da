import { errorAnswer, type RestAnswer, type Route } from './routes.ts';

/** Prometheus's text format. */
const contentType = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * What Prometheus scrapes.
 * @param text gives all metrics in Prometheus's text format; undefined where they are off
 */
export function metricsRoute(text: (() => Promise<string>) | undefined): Route {
  const off = errorAnswer(404, 'Metrics are off - start the server with --metrics_enable');
  let underWay: Promise<RestAnswer> | undefined;
  const scrape = async (scraped: () => Promise<string>) => {
    try {
      return { contentType, body: await scraped() };
    } finally {
      underWay = undefined;
    }
  };
  return {
    method: 'GET',
    path: '/metrics',
    isProbe: true,
    answer() {
      if (!text) return off;
      // Those who ask at the same time get the same answer: many scrapers cost no more than one.
      underWay ??= scrape(text);
      return underWay;
    },
  };
}
