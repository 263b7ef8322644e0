import type { Statement } from '@countersign/platform/postgres/database.ts';
import type { Role } from '@countersign/contracts/openapi/permissions.ts';

export interface GrantRow {
  readonly id: string;
  readonly workspace_id: string;
  readonly principal_id: string;
  readonly display_name: string;
  readonly role: Role;
  readonly reason_sealed: Buffer | null;
  readonly activated_at: Date;
  readonly ends_at: Date;
  readonly ended_at: Date | null;
  readonly ended_because: 'ended' | 'expired' | 'disabled' | null;
  readonly evidence_id: string | null;
  readonly reviewed_by: string | null;
  readonly reviewed_at: Date | null;
  readonly verdict: 'justified' | 'not_justified' | null;
  /** It grants nothing any more, whether or not the sweep has come by. */
  readonly over: boolean;
}

const GRANT = `
    SELECT g.id, g.workspace_id, g.principal_id, p.display_name, g.role, g.reason_sealed, g.activated_at, g.ends_at, g.ended_at, g.ended_because, g.evidence_id, g.reviewed_by, g.reviewed_at, g.verdict,
           g.ended_at IS NOT NULL OR g.ends_at <= clock_timestamp() AS over
      FROM control.break_glass_grants g
      JOIN control.principals p ON (p.tenant_id, p.id) = (g.tenant_id, g.principal_id)
     WHERE g.tenant_id = $1`;

/** $2: of this principal, or null for all; $3: of others in this workspace only, or null. */
export const listGrants: Statement = { name: 'break_glass.list', text: `${GRANT} AND ($2::text IS NULL OR g.principal_id = $2) AND ($3::text IS NULL OR g.workspace_id = $3 OR g.principal_id = $4) ORDER BY g.activated_at DESC, g.id DESC LIMIT 200` };
export const findGrant: Statement = { name: 'break_glass.find', text: `${GRANT} AND g.id = $2` };
export const lockGrant: Statement = { name: 'break_glass.lock', text: `${GRANT} AND g.id = $2 FOR UPDATE OF g` };

export const insertGrant: Statement = {
  name: 'break_glass.insert',
  text: `INSERT INTO control.break_glass_grants (tenant_id, id, workspace_id, principal_id, role, reason_sealed, ends_at)
         VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp() + $7::bigint * interval '1 millisecond') RETURNING ends_at`,
};

/** The role ends by itself, by the database's clock, at the same moment. */
export const giveRole: Statement = {
  name: 'break_glass.give_role',
  text: `INSERT INTO control.role_assignments (tenant_id, workspace_id, principal_id, role, source, granted_by, expires_at) VALUES ($1, $2, $3, $4, $5, $3, $6)`,
};
export const takeRole: Statement = { name: 'break_glass.take_role', text: 'DELETE FROM control.role_assignments WHERE tenant_id = $1 AND source = $2' };

export const endGrant: Statement = {
  name: 'break_glass.end',
  text: 'UPDATE control.break_glass_grants SET ended_at = least(clock_timestamp(), ends_at), ended_because = $3 WHERE tenant_id = $1 AND id = $2 AND ended_at IS NULL',
};

export const overdueGrants: Statement = {
  name: 'break_glass.overdue',
  text: `
    SELECT g.id, CASE WHEN p.disabled_at IS NULL THEN 'expired' ELSE 'disabled' END AS because
      FROM control.break_glass_grants g JOIN control.principals p ON (p.tenant_id, p.id) = (g.tenant_id, g.principal_id)
     WHERE g.tenant_id = $1 AND g.ended_at IS NULL AND (g.ends_at <= clock_timestamp() OR p.disabled_at IS NOT NULL)
     FOR UPDATE OF g SKIP LOCKED`,
};

export const reviewGrant: Statement = {
  name: 'break_glass.review',
  text: `UPDATE control.break_glass_grants SET reviewed_by = $3, reviewed_at = clock_timestamp(), verdict = $4, review_reason_sealed = $5 WHERE tenant_id = $1 AND id = $2 AND reviewed_by IS NULL`,
};

/** One at a time, and not before all that was written until its end can be found: events become so in the order in which they are sealed. */
export const grantsWithoutEvidence: Statement = {
  name: 'break_glass.without_evidence',
  text: `${GRANT} AND g.ended_at < clock_timestamp() - interval '6 seconds' AND g.evidence_id IS NULL
       AND EXISTS (SELECT FROM audit.search s WHERE s.tenant_id = g.tenant_id AND s.subject_id = g.id AND s.type = 'break_glass.ended')
     ORDER BY g.ended_at LIMIT 1`,
};

/**
 * What the person did while it lasted, in the workspace's chain, and what was done about the grant itself: sealed events, found by index. `count` is how
 * many there are, of which no more than 5,000 are given.
 */
export const eventsOfGrant: Statement = {
  name: 'break_glass.events',
  text: `
    SELECT e.id, (count(*) OVER ())::int AS count FROM audit.search s
      JOIN audit.links l ON (l.tenant_id, l.chain, l.seq) = (s.tenant_id, s.chain, s.seq)
      JOIN audit.events e ON (e.tenant_id, e.id) = (l.tenant_id, l.event_id) AND e.body IS NOT NULL
     WHERE s.tenant_id = $1 AND s.chain = $2 AND ((s.actor_id = $3 AND s.at BETWEEN $4 AND $5) OR s.subject_id = $6)
     ORDER BY s.seq LIMIT 5000`,
};

export const rememberEvidence: Statement = { name: 'break_glass.remember_evidence', text: 'UPDATE control.break_glass_grants SET evidence_id = $3 WHERE tenant_id = $1 AND id = $2 AND evidence_id IS NULL' };
