import type { Knex } from 'knex';

/**
 * Tells the planner what tables of tenants will look like, as long as nobody has looked: that all rows may be of one tenant, and that an id tells
 * them apart. Without, a table that was never analysed makes "all of this tenant" as good as "this very row" (one row each, it believes), and a
 * session that prepared its statements then keeps on reading everything of the tenant for each of them: until the first autovacuum the work of
 * a step grew with the number of steps. What ANALYZE finds out later takes its place.
 *
 * By `pg_restore_attribute_stats`, PostgreSQL 18: what pg_upgrade carries statistics over with.
 */
export async function expectManyRowsPerTenant(db: Knex): Promise<void> {
  await db.raw(`
    SELECT pg_restore_attribute_stats('schemaname', n.nspname::text, 'relname', t.relname::text, 'attname', a.attname::text, 'inherited', false,
             'null_frac', 0::real, 'avg_width', 30,
             'n_distinct', (CASE WHEN a.attname IN ('tenant_id', 'workspace_id', 'environment_id') THEN 1 WHEN a.attname = 'id' THEN -1 ELSE -0.1 END)::real)
      FROM pg_class t
      JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname IN ('control', 'execution', 'audit')
      JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped AND (a.attname = 'id' OR a.attname LIKE '%\\_id')
     -- never vacuumed, never analysed
     WHERE t.relkind = 'r' AND t.reltuples < 0
       AND EXISTS (SELECT FROM pg_attribute o WHERE o.attrelid = t.oid AND o.attname = 'tenant_id' AND NOT o.attisdropped)
       AND NOT EXISTS (SELECT FROM pg_statistic s WHERE s.starelid = t.oid AND s.staattnum = a.attnum)`);
}
