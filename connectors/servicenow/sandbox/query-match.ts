/** Which rows an encoded query selects, and in which order. */
import type { Condition, EncodedQuery, SortKey } from './query-parser.ts';
import { fieldAt, referenceDisplay, resolvePath, valueAt } from './field-paths.ts';
import type { RecordStore, Row } from './store.ts';

/** The rows of `table` that match, sorted. Conditions on unknown fields are ignored, as an instance does by default. */
export function selectRows(store: RecordStore, table: string, query: EncodedQuery): Row[] {
  const queries = query.queries.map((groups) =>
    groups.map((group) => group.filter((condition) => fieldAt(table, condition.field) !== undefined)).filter((group) => group.length > 0),
  );
  const rows = store.rows(table).filter((row) =>
    queries.some((groups) => groups.every((group) => group.some((condition) => matches(store, table, row, condition)))),
  );
  return sortRows(store, table, rows, query.order);
}

function matches(store: RecordStore, table: string, row: Row, condition: Condition): boolean {
  const { value, field } = resolvePath(store, table, row, condition.field);
  // Text operators on a reference look at what a person would see, the others at the stored sys_id.
  const shown = field?.references === undefined ? value : referenceDisplay(store, field.references, value);
  const wanted = condition.value;
  switch (condition.operator) {
    case '=': return value === wanted;
    case '!=': return value !== wanted;
    case 'IN': return wanted.split(',').includes(value);
    case 'NOT IN': return !wanted.split(',').includes(value);
    case 'LIKE': case '*': return shown.includes(wanted);
    case 'NOT LIKE': case '!*': return !shown.includes(wanted);
    case 'STARTSWITH': return shown.startsWith(wanted);
    case 'ENDSWITH': case '%': return shown.endsWith(wanted);
    case 'ISEMPTY': case 'EMPTYSTRING': return value === '';
    case 'ISNOTEMPTY': return value !== '';
    case 'ANYTHING': return true;
    case '>': return value !== '' && compareValues(value, dateArgument(wanted)) > 0;
    case '>=': return value !== '' && compareValues(value, dateArgument(wanted)) >= 0;
    case '<': return value !== '' && compareValues(value, dateArgument(wanted)) < 0;
    case '<=': return value !== '' && compareValues(value, dateArgument(wanted)) <= 0;
    case 'BETWEEN': {
      const [low = '', high = ''] = wanted.split('@');
      return value !== '' && compareValues(value, dateArgument(low)) >= 0 && compareValues(value, dateArgument(high)) <= 0;
    }
  }
}

/** `javascript:gs.dateGenerate('2026-01-31','08:00:00')`, the form a list's own filter gives, is read as that moment. */
function dateArgument(value: string): string {
  const generated = /^javascript:gs\.dateGenerate\('(\d{4}-\d{2}-\d{2})',\s*'(\d{2}:\d{2}:\d{2})'\)$/.exec(value);
  return generated === null ? value : `${generated[1]} ${generated[2]}`;
}

function compareValues(left: string, right: string): number {
  const bothNumbers = /^-?\d+(\.\d+)?$/.test(left) && /^-?\d+(\.\d+)?$/.test(right);
  if (bothNumbers) return Number(left) - Number(right);
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function sortRows(store: RecordStore, table: string, rows: Row[], order: readonly SortKey[]): Row[] {
  const keys = order.filter((key) => fieldAt(table, key.field) !== undefined);
  if (keys.length === 0) return rows;
  return rows.sort((left, right) => {
    for (const key of keys) {
      const compared = compareValues(valueAt(store, table, left, key.field), valueAt(store, table, right, key.field));
      if (compared !== 0) return key.descending ? -compared : compared;
    }
    return 0;
  });
}
