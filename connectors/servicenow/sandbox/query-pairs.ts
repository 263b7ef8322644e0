/**
 * Name-value pairs in the query string instead of `sysparm_query`, such as `?active=true&state=closed`: equal to the
 * stored value, or to the display value where the field is a choice or a reference. Source: Table API documentation.
 */
import { choiceValue } from './choices.ts';
import { fieldAt } from './field-paths.ts';
import type { Condition, EncodedQuery } from './query-parser.ts';
import { knownTable } from './schema.ts';
import type { RecordStore } from './store.ts';

/** The query the pairs stand for. `sysparm_` parameters are no conditions; unknown names are ignored. */
export function queryFromPairs(store: RecordStore, table: string, pairs: URLSearchParams): EncodedQuery {
  const groups: Condition[][] = [];
  for (const [name, value] of pairs) {
    if (!name.startsWith('sysparm_')) groups.push(alternatives(store, table, name, value));
  }
  return { queries: [groups], order: [], ignored: [] };
}

function alternatives(store: RecordStore, table: string, name: string, value: string): Condition[] {
  const field = fieldAt(table, name);
  const conditions: Condition[] = [{ field: name, operator: '=', value }];
  if (field?.kind === 'choice') conditions.push({ field: name, operator: '=', value: choiceValue(store, table, name, value) });
  if (field?.references === 'sys_user' || field?.references === 'sys_user_group') {
    conditions.push({ field: `${name}.${knownTable(field.references).displayField}`, operator: '=', value });
  }
  return conditions;
}
