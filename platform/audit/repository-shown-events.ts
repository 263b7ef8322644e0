import type { Statement, Transaction } from '../postgres/database.ts';

/** The columns of its link are null for an event that is not sealed yet. */
const EVENTS = 'SELECT l.seq::float8 AS seq, l.line, e.body FROM audit.events e LEFT JOIN audit.links l ON (l.tenant_id, l.event_id) = (e.tenant_id, e.id)';

const ofRun: Statement = {
  name: 'audit.shown_events_of_run',
  text: `${EVENTS} WHERE e.tenant_id = $1 AND e.chain = $2 AND e.run_id = $3 ORDER BY l.seq`,
};

const byId: Statement = {
  name: 'audit.shown_events_by_id',
  text: `${EVENTS} WHERE e.tenant_id = $1 AND e.chain = $2 AND e.id = ANY ($3) ORDER BY l.seq`,
};

/**
 * Whether a checkpoint `c` can be shown: every witness that the tenant requires has cosigned it, and so have those that cosigned the ones before,
 * or they were given ten seconds.
 */
export const CHECKPOINT_IS_READY = `
      NOT EXISTS (SELECT FROM control.witnesses w
                   WHERE w.tenant_id = c.tenant_id AND w.required AND w.removed_at IS NULL
                     AND NOT EXISTS (SELECT FROM audit.cosignatures k WHERE (k.tenant_id, k.chain, k.number, k.witness_id) = (c.tenant_id, c.chain, c.number, w.id)))
  AND (c.signed_at < clock_timestamp() - interval '10 seconds'
       OR NOT EXISTS (SELECT FROM audit.cosignatures b
                       WHERE b.tenant_id = c.tenant_id AND b.chain = c.chain AND b.number BETWEEN c.number - 3 AND c.number - 1
                         AND NOT EXISTS (SELECT FROM audit.cosignatures k WHERE (k.tenant_id, k.chain, k.number, k.witness_id) = (c.tenant_id, c.chain, c.number, b.witness_id))))`;

const covering: Statement = {
  name: 'audit.covering_note',
  text: `
    SELECT c.seq::float8 AS seq, c.body, c.note,
           coalesce((SELECT array_agg(k.line ORDER BY k.witness_id) FROM audit.cosignatures k WHERE (k.tenant_id, k.chain, k.number) = (c.tenant_id, c.chain, c.number)), '{}') AS cosignatures
      FROM audit.checkpoints c
     WHERE c.tenant_id = $1 AND c.chain = $2 AND c.seq >= $3 AND c.format = 'v2' AND ${CHECKPOINT_IS_READY}
     ORDER BY c.seq, c.number LIMIT 1`,
};

export interface SealedEventRow {
  /** Null while it is not sealed. */
  readonly seq: number | null;
  readonly line: string | null;
  /** Null once its retention has ended. */
  readonly body: string | null;
}

export interface CoveringNote {
  readonly seq: number;
  /** What is signed. */
  readonly body: string;
  readonly note: string;
  readonly cosignatures: readonly string[];
}

export function readEventsOfRun(tx: Transaction, tenantId: string, chain: string, runId: string): Promise<SealedEventRow[]> {
  return tx.rows<SealedEventRow>(ofRun, [tenantId, chain, runId]);
}

export function readEventsById(tx: Transaction, tenantId: string, chain: string, ids: readonly string[]): Promise<SealedEventRow[]> {
  return tx.rows<SealedEventRow>(byId, [tenantId, chain, ids]);
}

/** The first checkpoint that covers the event `seq` and can be shown. */
export function readCoveringNote(tx: Transaction, tenantId: string, chain: string, seq: number): Promise<CoveringNote | undefined> {
  return tx.maybeOne<CoveringNote>(covering, [tenantId, chain, seq]);
}
