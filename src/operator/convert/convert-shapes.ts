import type { Notes } from './notes.ts';
import { isFields, type OldFields } from './old-fields.ts';
import { present } from './present.ts';

const shapeField = 'models_settings.shape';
const batchField = 'models_settings.batch_size';

/** Brackets with dimensions, each a number, -1 or a range. */
const shape = /^\((-1|[1-9]\d{0,8}(:[1-9]\d{0,8})?)(,(-1|[1-9]\d{0,8}(:[1-9]\d{0,8})?))*\)$/;

/** `shape` for the one input or `shapes` by name; undefined if the model's own stay. */
export function convertShapes(fields: OldFields, notes: Notes): object | undefined {
  const value = fields.value(shapeField);
  const text = typeof value === 'string' ? value.trim() : '';
  const byName = isFields(value) || text.startsWith('{') ? fields.json(shapeField) : undefined;
  if (byName) {
    const entries = Object.entries(byName).map(([input, written]) => [
      input,
      read(notes, `${shapeField}.${input}`, written),
    ]);
    const shapes = present(Object.fromEntries(entries));
    return shapes && { shapes };
  }
  if (text === '' || text.startsWith('{')) return undefined;
  const only = read(notes, shapeField, text);
  return only === undefined ? undefined : { shape: only };
}

/** @param hasShape a shape takes precedence */
export function convertBatchSize(fields: OldFields, notes: Notes, hasShape: boolean): number | string | undefined {
  const text = fields.text(batchField)?.replace(/\s/g, '');
  if (text === undefined) return undefined;
  if (hasShape) {
    notes.tell(batchField, text, 'Beside a shape it had no effect, and it is left out.');
    return undefined;
  }
  if (text === '-1' || /^[1-9]\d{0,8}$/.test(text)) return Number(text);
  const range = asRange(text);
  if (range !== undefined) return range;
  notes.todo(batchField, text, adviceFor(text, 'batchSize: -1, for any size', 'batchSize'));
  return undefined;
}

function read(notes: Notes, field: string, written: unknown): string | undefined {
  const text = String(written)
    .replace(/\s/g, '')
    .replace(/^\[(.*)\]$/, '($1)');
  const bare = text.replace(/^\(|\)$/g, '');
  const converted = `(${bare
    .split(',')
    .map((dimension) => asRange(dimension) ?? dimension)
    .join(',')})`;
  if (shape.test(converted) && (text === bare || text === `(${bare})`)) return converted;
  notes.todo(field, written, adviceFor(text, 'a shape with -1 for each dimension that changes', 'the shape'));
  return undefined;
}

/** `4:8` of `4:8` or `4-8`. */
function asRange(text: string): string | undefined {
  const [, least, most] = /^([1-9]\d{0,8})[-:]([1-9]\d{0,8})$/.exec(text) ?? [];
  return least !== undefined && Number(least) <= Number(most) ? `${least}:${most}` : undefined;
}

function adviceFor(text: string, dynamic: string, what: string): string {
  return text === 'auto'
    ? `A model is not made anew for each request here; write ${dynamic}.`
    : `This is not understood; write ${what} by hand.`;
}
