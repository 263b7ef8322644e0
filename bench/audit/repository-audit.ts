import type { Database, Statement } from '@countersign/platform/postgres/database.ts';
import type { NewEvent } from './events.ts';

/** The audit's own table of events, with its keys and indexes, and without what makes it the audit's: row-level security, triggers, what is pending. */
const plainTable: Statement = {
  name: 'bench.plain_table',
  text: `
    DO $$ BEGIN
      CREATE SCHEMA bench;
      CREATE TABLE bench.events (LIKE audit.events INCLUDING ALL);
      GRANT USAGE ON SCHEMA bench TO countersign_execution;
      GRANT INSERT ON bench.events TO countersign_execution;
    END $$`,
};
const insertAll: Statement = {
  name: 'bench.insert_all',
  text: 'INSERT INTO bench.events (tenant_id, chain, id, type, run_id, body) SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])',
};
const appendAll: Statement = { name: 'bench.append_all', text: 'SELECT audit.append_all($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])' };
const pending: Statement = { name: 'bench.pending', text: 'SELECT count(*)::int AS left FROM audit.pending WHERE tenant_id = $1' };
const unready: Statement = {
  name: 'bench.unready',
  text: `
    SELECT ((SELECT count(*) FROM audit.pending WHERE tenant_id = $1)
          + (SELECT count(*) FROM audit.chain_heads h WHERE h.tenant_id = $1
              AND (h.searchable_seq < h.seq OR NOT EXISTS (SELECT FROM audit.checkpoints c WHERE (c.tenant_id, c.chain) = (h.tenant_id, h.chain)))))::int AS left`,
};
const isSealed: Statement = { name: 'bench.is_sealed', text: 'SELECT EXISTS (SELECT FROM audit.links WHERE tenant_id = $1 AND event_id = $2) AS sealed' };

export async function makePlainTable(admin: Database): Promise<void> {
  await admin.forNoTenant((tx) => tx.change(plainTable));
}

export async function insertPlainly(database: Database, tenantId: string, events: readonly NewEvent[]): Promise<void> {
  await database.forTenant(tenantId, (tx) => tx.rows(insertAll, columnsOf(tenantId, events)));
}

export async function appendEvents(database: Database, tenantId: string, events: readonly NewEvent[]): Promise<void> {
  await database.forTenant(tenantId, (tx) => tx.rows(appendAll, columnsOf(tenantId, events)));
}

function columnsOf(tenantId: string, events: readonly NewEvent[]): unknown[] {
  return [events.map(() => tenantId), events.map(({ chain }) => chain), events.map(({ id }) => id), events.map(() => 'step.state_changed'), events.map(({ runId }) => runId), events.map(({ body }) => body)];
}

/** Rows that wait to be sealed; each is what one append wrote to one chain. */
export async function countPending(database: Database, tenantId: string): Promise<number> {
  return (await database.forTenant(tenantId, (tx) => tx.one<{ left: number }>(pending, [tenantId]))).left;
}

/** Rows that wait to be sealed, and chains that were never signed or cannot be searched to their end. */
export async function countUnready(database: Database, tenantId: string): Promise<number> {
  return (await database.forTenant(tenantId, (tx) => tx.one<{ left: number }>(unready, [tenantId]))).left;
}

export async function eventIsSealed(database: Database, tenantId: string, id: string): Promise<boolean> {
  return (await database.forTenant(tenantId, (tx) => tx.one<{ sealed: boolean }>(isSealed, [tenantId, id]))).sealed;
}
