import { isLayout, type LayoutChange, type Layouts } from '../model/layout.ts';
import { parseJson } from './parse-json.ts';
import { isObject, type Problems } from './problems.ts';

const expected = 'a layout such as "NHWC", or "NHWC:NCHW" for clients that send another than the model takes';

/**
 * `layout`, as config.json and the command line write it.
 * @returns undefined if it is not given, or something is wrong with it
 */
export function readLayouts(value: unknown, path: string, problems: Problems): Layouts | undefined {
  if (value === undefined) return undefined;
  const isJson = typeof value === 'string' && value.trimStart().startsWith('{');
  const given = isJson ? parseJson(value, path, problems) : value;
  if (!isObject(given)) {
    if (given === undefined) return undefined;
    const layout = readLayout(given, path, `${expected}, or an object of layouts by input and output`, problems);
    return layout && { kind: 'only', layout };
  }
  const layouts = Object.entries(given).flatMap(([tensor, text]) => {
    const layout = readLayout(text, `${path}.${tensor}`, expected, problems);
    return layout ? [{ tensor, layout }] : [];
  });
  return layouts.length > 0 ? { kind: 'named', layouts } : undefined;
}

function readLayout(value: unknown, path: string, wanted: string, problems: Problems): LayoutChange | undefined {
  const parts = typeof value === 'string' ? value.replaceAll(/\s/g, '').toUpperCase().split(':') : [];
  const [seen, own = seen] = parts;
  if (seen !== undefined && own !== undefined && parts.length <= 2 && isLayout(seen) && isLayout(own)) {
    return seen === own ? { seen } : { seen, own };
  }
  problems.add(path, wanted, value);
  return undefined;
}
