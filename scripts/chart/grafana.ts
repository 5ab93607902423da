/** A dashboard as this project writes it; `renderDashboard` makes Grafana's of it. */
export interface Dashboard {
  /** Of its file. */
  readonly name: string;
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Variable[];
  readonly rows: readonly Row[];
}

export interface Variable {
  readonly name: string;
  readonly label: string;
  /** What Prometheus is asked for the values to choose from. */
  readonly query: string;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface Panel {
  readonly title: string;
  readonly description: string;
  readonly kind: 'timeseries' | 'stat' | 'table';
  /** One of Grafana's: `short`, `s`, `µs`, `bytes`, `ops`, `percentunit`. */
  readonly unit: string;
  /** Of 24. */
  readonly width: number;
  readonly queries: readonly Query[];
}

export interface Query {
  readonly expression: string;
  /** Of the line: `{{pod}}`. */
  readonly legend: string;
}

const source = { type: 'prometheus', uid: '$' + '{datasource}' } as const;
const columns = 24;
const rowHeight = 1;
const heights: Readonly<Record<Panel['kind'], number>> = { stat: 4, timeseries: 8, table: 8 };

/** @returns the dashboard's model as Grafana 10 and later read it from a file */
export function renderDashboard(dashboard: Dashboard): object {
  return {
    uid: dashboard.uid,
    title: dashboard.title,
    description: dashboard.description,
    tags: ['modelserver'],
    schemaVersion: 39,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    timezone: 'browser',
    templating: { list: [dataSourceVariable, ...dashboard.variables.map(renderVariable)] },
    annotations: { list: [] },
    panels: layOut(dashboard.rows),
  };
}

const dataSourceVariable = {
  name: 'datasource',
  label: 'Data source',
  type: 'datasource',
  query: 'prometheus',
  current: {},
};

function renderVariable({ name, label, query }: Variable): object {
  return {
    name,
    label,
    type: 'query',
    datasource: source,
    query: { query, refId: 'A' },
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    allValue: '.*',
    current: { text: ['All'], value: ['$__all'] },
  };
}

/** Side by side as long as they fit the width, each row of the dashboard below the last. */
function layOut(rows: readonly Row[]): object[] {
  const all: object[] = [];
  let y = 0;
  for (const { title, panels } of rows) {
    all.push({
      id: all.length + 1,
      type: 'row',
      title,
      collapsed: false,
      gridPos: { x: 0, y, w: columns, h: rowHeight },
      panels: [],
    });
    y += rowHeight;
    let x = 0;
    let height = 0;
    for (const panel of panels) {
      if (x + panel.width > columns) {
        x = 0;
        y += height;
        height = 0;
      }
      all.push(renderPanel(panel, all.length + 1, x, y));
      x += panel.width;
      height = Math.max(height, heights[panel.kind]);
    }
    y += height;
  }
  return all;
}

function renderPanel(panel: Panel, id: number, x: number, y: number): object {
  const isTable = panel.kind === 'table';
  return {
    id,
    type: panel.kind,
    title: panel.title,
    description: panel.description,
    datasource: source,
    gridPos: { x, y, w: panel.width, h: heights[panel.kind] },
    fieldConfig: { defaults: { unit: panel.unit, min: 0 }, overrides: [] },
    options: optionsOf(panel.kind),
    targets: panel.queries.map(({ expression, legend }, index) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + index),
      datasource: source,
      expr: expression,
      legendFormat: legend,
      ...(isTable ? { format: 'table', instant: true } : { range: true }),
    })),
    ...(isTable ? { transformations: [{ id: 'organize', options: { excludeByName: { Time: true } } }] } : {}),
  };
}

function optionsOf(kind: Panel['kind']): object {
  switch (kind) {
    case 'timeseries':
      return {
        legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
        tooltip: { mode: 'multi', sort: 'desc' },
      };
    case 'stat':
      return { reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false }, colorMode: 'value' };
    case 'table':
      return { showHeader: true };
  }
}
