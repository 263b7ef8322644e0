/** Names of fields as the Table API takes them: plain, or dot-walked through references such as `caller_id.user_name`. */
import type { Field } from './schema.ts';
import { tableSchema } from './schema.ts';
import type { RecordStore, Row } from './store.ts';

export interface ResolvedPath {
  value: string;
  field: Field | undefined;
}

/** The value a possibly dot-walked name has on a row, such as `caller_id.user_name`. */
export function valueAt(store: RecordStore, table: string, row: Row, path: string): string {
  return resolvePath(store, table, row, path).value;
}

/** The field a possibly dot-walked name ends at, or undefined where there is none. */
export function fieldAt(table: string, path: string): Field | undefined {
  const [name = '', ...rest] = path.split('.');
  const field = tableSchema(table)?.fields[name];
  if (rest.length === 0 || field === undefined) return field;
  return field.references === undefined ? undefined : fieldAt(field.references, rest.join('.'));
}

/** The value and the field at the end of a path; an unset reference on the way gives an empty value. */
export function resolvePath(store: RecordStore, table: string, row: Row, path: string): ResolvedPath {
  const [name = '', ...rest] = path.split('.');
  const field = tableSchema(table)?.fields[name];
  const value = row[name] ?? '';
  if (rest.length === 0 || field?.references === undefined) return { value, field };
  const target = store.get(field.references, value);
  return target === undefined ? { value: '', field: fieldAt(table, path) } : resolvePath(store, field.references, target, rest.join('.'));
}

/** What a person sees in place of a reference: the display field of the record pointed to, or nothing. */
export function referenceDisplay(store: RecordStore, table: string, sysId: string): string {
  const schema = tableSchema(table);
  if (sysId === 'global') return 'global';
  return schema === undefined ? '' : (store.get(table, sysId)?.[schema.displayField] ?? '');
}
