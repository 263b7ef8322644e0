import type pg from 'pg';
import { COUNTED_BY_THE_CELL } from './values.ts';

/** Of the rows of tenants other than `tenantId`, by table: how many, and a number that another row would change. */
export async function digestsOfOthers(admin: pg.Client, tables: readonly string[], tenantId: string): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for (const table of tables) {
    const { rows: [row] } = await admin.query<{ digest: string }>(`SELECT count(*) || '/' || coalesce(bit_xor(hashtextextended((to_jsonb(t) - $2::text[])::text, 0)), 0) AS digest FROM ${table} t WHERE tenant_id <> $1`, [tenantId, COUNTED_BY_THE_CELL[table] ?? []]);
    digests.set(table, row?.digest ?? '');
  }
  return digests;
}
