import pg from 'pg';
import type { EntryKind } from '@countersign/contracts/agent/spool-entry.ts';

export interface EntryRow {
  readonly epoch: string;
  readonly seq: number;
  readonly kind: EntryKind;
  readonly occurred_at: string;
  readonly clock_offset_ms: number;
  readonly sealed: Buffer;
  readonly hash: string;
}

/** Where an event of the audit says that it came from, and when it really happened. */
export interface EntryEvent {
  readonly spool_seq: number;
  readonly occurred_at: string;
  readonly received_at: string;
}

/** What the tables hold in the end; by a connection of the superuser, who sees every tenant. */
export class OutageTables {
  readonly #pool: pg.Pool;

  constructor(url: string) {
    this.#pool = new pg.Pool({ connectionString: url, max: 1 });
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  /** In the order of their numbers, of every epoch. */
  async entries(tenantId: string, agentId: string): Promise<EntryRow[]> {
    return (await this.#pool.query<EntryRow>(`
      SELECT epoch, seq::float8 AS seq, kind, to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS occurred_at, clock_offset_ms::float8 AS clock_offset_ms, sealed, hash
        FROM control.agent_entries WHERE tenant_id = $1 AND agent_id = $2 ORDER BY seq, received_at`, [tenantId, agentId])).rows;
  }

  /** What the audit says of them, in the order in which it was written. */
  async events(tenantId: string, agentId: string): Promise<EntryEvent[]> {
    const { rows } = await this.#pool.query<{ body: string }>("SELECT body FROM audit.events WHERE tenant_id = $1 AND body::jsonb #>> '{subject,id}' = $2 AND body::jsonb->'data' ? 'spool_seq' ORDER BY pending_no", [tenantId, agentId]);
    return rows.map(({ body }) => (JSON.parse(body) as { data: EntryEvent }).data);
  }

  /** Up to which entry the workers have made them true. */
  async applied(tenantId: string, agentId: string): Promise<number> {
    const { rows } = await this.#pool.query<{ seq: number }>('SELECT coalesce(max(applied_seq), 0)::float8 AS seq FROM execution.agent_cursors WHERE tenant_id = $1 AND agent_id = $2', [tenantId, agentId]);
    return rows[0]?.seq ?? 0;
  }
}
