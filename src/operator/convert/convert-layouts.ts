import type { Notes } from './notes.ts';
import { isFields, type OldFields } from './old-fields.ts';
import { present } from './present.ts';

const field = 'models_settings.layout';

/** Letters, `?` and `...`, once or twice: as clients send it, and as the model has it. */
const layout = /^(?=.)[NCDHW?]*(\.{3})?[NCDHW?]*(:[NCDHW?]*(\.{3})?[NCDHW?]*)?$/;

/** `layout` for the one input or `layouts` by name; undefined if the model's own stay. */
export function convertLayouts(fields: OldFields, notes: Notes): object | undefined {
  const value = fields.value(field);
  const text = typeof value === 'string' ? value.trim() : '';
  if (isFields(value) || text.startsWith('{')) {
    const entries = Object.entries(fields.json(field) ?? {}).map(([tensor, written]) => [
      tensor,
      read(notes, `${field}.${tensor}`, written),
    ]);
    const layouts = present(Object.fromEntries(entries));
    return layouts && { layouts };
  }
  if (text === '') return undefined;
  const only = read(notes, field, text);
  return only === undefined ? undefined : { layout: only };
}

function read(notes: Notes, at: string, written: unknown): string | undefined {
  const text = String(written).trim();
  if (layout.test(text)) return text;
  notes.todo(at, written, 'This is not understood; write the layout by hand, such as NHWC or NHWC:NCHW.');
  return undefined;
}
