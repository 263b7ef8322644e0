import { bigints, booleans, byteStrings, floats, ints, texts } from './arrays.ts';

/** What a column is bound as, and what a row gives for it. Types that have no binary form here travel as text and are cast row by row. */
export type Column<Row> = { readonly name: string } & (
  | { readonly type: 'text' | 'bigint' | 'jsonb' | 'timestamptz' | 'numeric' | 'text[]'; readonly of: (row: Row) => string | null }
  | { readonly type: 'int' | 'float8'; readonly of: (row: Row) => number | null }
  | { readonly type: 'boolean'; readonly of: (row: Row) => boolean }
  | { readonly type: 'bytea'; readonly of: (row: Row) => Uint8Array | null });

const CAST = new Set(['jsonb', 'timestamptz', 'numeric', 'text[]']);

/** Many rows as a table in FROM: `unnest($1::text[], ...) AS alias(...)`, an array for each column, the first of them parameter `first`. */
export function recordset<Row>(alias: string, columns: ReadonlyArray<Column<Row>>, first: number): string {
  const arrays = columns.map(({ type }, index) => `$${first + index}::${CAST.has(type) ? 'text' : type}[]`);
  return `unnest(${arrays.join(', ')}) AS ${alias}(${namesOf(columns)})`;
}

/** The columns of that table as what they are. */
export function cells<Row>(alias: string, columns: ReadonlyArray<Column<Row>>): string {
  return columns.map(({ name, type }) => (CAST.has(type) ? `${alias}.${name}::${type} AS ${name}` : `${alias}.${name}`)).join(', ');
}

export function namesOf<Row>(columns: ReadonlyArray<Column<Row>>): string {
  return columns.map(({ name }) => name).join(', ');
}

/** The arrays of `recordset`, in binary. */
export function columnsOf<Row>(columns: ReadonlyArray<Column<Row>>, rows: readonly Row[]): Buffer[] {
  return columns.map((column) => {
    switch (column.type) {
      case 'int': return ints(rows.map(column.of));
      case 'float8': return floats(rows.map(column.of));
      case 'bigint': return bigints(rows.map(column.of));
      case 'boolean': return booleans(rows.map(column.of));
      case 'bytea': return byteStrings(rows.map(column.of));
      default: return texts(rows.map(column.of));
    }
  });
}

/** A `text[]` as PostgreSQL writes it. */
export function arrayLiteral(values: readonly string[]): string {
  return `{${values.map((value) => `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`).join(',')}}`;
}
