import { readFile } from 'node:fs/promises';
import { isLayout, type Layout } from '../model/layout.ts';

/**
 * What an OpenVINO IR says of the dimensions of its inputs and outputs, by the names of their tensors. Read from the file itself, since
 * the C API does not tell. Other formats say nothing.
 * @param file that the runtime is given to read
 * @throws Error if it cannot be read
 */
export async function readToldLayouts(file: string): Promise<ReadonlyMap<string, Layout>> {
  return file.endsWith('.xml') ? toldLayouts(await readFile(file)) : new Map();
}

const mark = '<attribute name="layout"';

/** Looks for the few marks in a text of many megabytes, rather than reading all of it. */
export function toldLayouts(xml: Buffer): ReadonlyMap<string, Layout> {
  const layouts = new Map<string, Layout>();
  for (let at = xml.indexOf(mark); at >= 0; at = xml.indexOf(mark, at + mark.length)) {
    const port = xml.lastIndexOf('<port ', at);
    if (port < 0) continue;
    const names = attribute('names', xml.subarray(port, at));
    // OpenVINO writes `[N,C,H,W]`, and `[N,...,C]`.
    const layout = attribute('layout', xml.subarray(at + mark.length))?.replaceAll(/[[\],\s]/g, '');
    if (!names || !layout || !isLayout(layout)) continue;
    for (const name of names.split(/(?<!\\),/)) layouts.set(name.replaceAll('\\,', ','), layout);
  }
  return layouts;
}

/** The value of an attribute of the tag that a text begins in. */
function attribute(name: string, xml: Buffer): string | undefined {
  const end = xml.indexOf('>');
  const tag = xml.toString('utf8', 0, Math.max(end, 0));
  const value = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];
  return value?.replaceAll(/&(lt|gt|quot|apos|amp);/g, (_, entity: string) => entities[entity]!);
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
