import type { Transaction } from './database.ts';

/** A table of tenants in which people's text stands in clear, and what is done to a row that is to say it no more. */
export interface ScannedTable {
  /** `schema.table` */
  readonly table: string;
  /** An expression over `t` that names a row within its tenant, as text. */
  readonly key: string;
  /** Columns whose text is looked at. */
  readonly columns: readonly string[];
  /** By column, the expression that takes its place; `delete`: the row goes. */
  readonly clear: Readonly<Record<string, string>> | 'delete';
  /** A condition over `t` for rows that nobody needs as they are any more. */
  readonly ready: string;
}

export interface ScannedRow {
  readonly key: string;
  readonly texts: ReadonlyArray<string | null>;
  readonly ready: boolean;
}

/** The next rows of a tenant behind `after` in the order of keys. What goes into the SQL is our own list of tables, never what somebody sent. */
export function scanTexts(tx: Transaction, { table, key, columns, ready }: ScannedTable, tenantId: string, after: string, limit: number): Promise<ScannedRow[]> {
  return tx.rows<ScannedRow>({
    name: `scan.${table}`,
    text: `
      SELECT ${key} AS key, ARRAY[${columns.map((column) => `t.${column}::text`).join(', ')}] AS texts, (${ready}) AS ready
        FROM ${table} t WHERE t.tenant_id = $1 AND (${key}) COLLATE "C" > $2 ORDER BY (${key}) COLLATE "C" LIMIT $3`,
  }, [tenantId, after, limit]);
}

/** Takes the text out of rows that are ready. Gives the keys of those that changed. */
export async function clearTexts(tx: Transaction, { table, key, clear, ready }: ScannedTable, tenantId: string, keys: readonly string[]): Promise<string[]> {
  const change = clear === 'delete' ? `DELETE FROM ${table} t` : `UPDATE ${table} t SET ${Object.entries(clear).map(([column, put]) => `${column} = ${put}`).join(', ')}`;
  const rows = await tx.rows<{ key: string }>({ name: `clear.${table}`, text: `${change} WHERE t.tenant_id = $1 AND (${key}) = ANY ($2) AND (${ready}) RETURNING ${key} AS key` }, [tenantId, keys]);
  return rows.map((row) => row.key);
}

const PAGE = 500;

export interface TextsCleared {
  readonly cleared: number;
  /** Rows that mention it and are needed as they are for now. */
  readonly waiting: number;
}

/**
 * Goes through all rows of a tenant in `table` and takes the text out of those that `isMeant`, a page per transaction.
 * @param inTenant opens a transaction for the tenant
 * @param onCleared told in the transaction that clears
 */
export async function clearMentions(
  inTenant: <T>(work: (tx: Transaction) => Promise<T>) => Promise<T>, table: ScannedTable, tenantId: string, isMeant: (text: string) => boolean, onCleared: (tx: Transaction, keys: readonly string[]) => Promise<void>,
): Promise<TextsCleared> {
  let [cleared, waiting, after] = [0, 0, ''];
  for (;;) {
    const rows = await inTenant(async (tx) => {
      const page = await scanTexts(tx, table, tenantId, after, PAGE);
      const meant = page.filter((row) => row.texts.some((text) => text !== null && isMeant(text)));
      waiting += meant.filter((row) => !row.ready).length;
      const keys = meant.length === 0 ? [] : await clearTexts(tx, table, tenantId, meant.map((row) => row.key));
      if (keys.length > 0) await onCleared(tx, keys);
      cleared += keys.length;
      return page;
    });
    if (rows.length < PAGE) return { cleared, waiting };
    after = rows.at(-1)?.key ?? after;
  }
}
