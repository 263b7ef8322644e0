import type { Statement } from '@countersign/platform/postgres/database.ts';
import type { OperationId } from '@countersign/contracts/openapi/permissions.ts';
import type { ChangeRequestState } from '@countersign/contracts/states/transitions.ts';

export interface ChangeRow {
  readonly id: string;
  readonly cursor_at: string;
  readonly workspace_id: string;
  readonly operation: OperationId;
  readonly payload_sealed: Buffer | null;
  readonly payload_digest: string;
  readonly summary: Record<string, string>;
  readonly state: ChangeRequestState;
  readonly requested_by: string;
  readonly requested_at: Date;
  readonly expires_at: Date;
  /** Nobody decided in time; the sweep comes by within a minute. */
  readonly overdue: boolean;
  readonly decided_by: string | null;
  readonly decided_at: Date | null;
  readonly result: { readonly status?: number; readonly code?: string; readonly detail?: string } | null;
}

const CHANGE = `
    SELECT id, to_char(requested_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS cursor_at, workspace_id, operation, payload_sealed, payload_digest, summary, state, requested_by, requested_at,
           expires_at, state = 'pending' AND expires_at <= clock_timestamp() AS overdue, decided_by, decided_at, result
      FROM control.change_requests
     WHERE tenant_id = $1 AND workspace_id = $2`;

/** $3: of this principal, or null for all. $4: in this state, or null. $5, $6: after this place. */
export const listChanges: Statement = {
  name: 'changes.list',
  text: `${CHANGE} AND ($3::text IS NULL OR requested_by = $3) AND ($4::text IS NULL OR state = $4)
       AND ($5::timestamptz IS NULL OR (requested_at, id) < ($5, $6)) ORDER BY requested_at DESC, id DESC LIMIT $7`,
};
export const findChange: Statement = { name: 'changes.find', text: `${CHANGE} AND id = $3` };
/** Of two people who decide at once one comes first. */
export const lockChange: Statement = { name: 'changes.lock', text: `${CHANGE} AND id = $3 FOR UPDATE` };

export const insertChange: Statement = {
  name: 'changes.insert',
  text: `INSERT INTO control.change_requests (tenant_id, id, workspace_id, operation, payload_sealed, payload_digest, summary, requested_by, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, clock_timestamp() + $9::bigint * interval '1 millisecond')`,
};

/** What will not be carried out is not kept. */
export const decideChange: Statement = {
  name: 'changes.decide',
  text: `UPDATE control.change_requests SET state = $3, decided_by = $4, decided_at = clock_timestamp(), reason_digest = $5,
           payload_sealed = CASE WHEN $3 = 'approved' THEN payload_sealed END
          WHERE tenant_id = $1 AND id = $2 AND state = 'pending' AND expires_at > clock_timestamp()`,
};

/** What was carried out, or refused, is not kept any longer. */
export const endChange: Statement = {
  name: 'changes.end',
  text: `UPDATE control.change_requests SET state = $3, result = $4::jsonb, payload_sealed = NULL WHERE tenant_id = $1 AND id = $2 AND state = 'approved'`,
};

export const expireChanges: Statement = {
  name: 'changes.expire',
  text: `UPDATE control.change_requests SET state = 'expired', payload_sealed = NULL WHERE tenant_id = $1 AND state = 'pending' AND expires_at <= clock_timestamp() RETURNING id, workspace_id`,
};

/** Approved, and its control plane stopped before it could say what became of it. */
export const failInterrupted: Statement = {
  name: 'changes.fail_interrupted',
  text: `UPDATE control.change_requests SET state = 'failed', payload_sealed = NULL, result = '{"code": "internal", "detail": "The control plane stopped while it carried this out. Look whether it took effect, and ask anew if not."}'
          WHERE tenant_id = $1 AND state = 'approved' AND decided_at < clock_timestamp() - interval '5 minutes' RETURNING id, workspace_id`,
};
