import type { SealPurpose } from '@countersign/platform/keys/keys.ts';
import type { Statement } from '@countersign/platform/postgres/database.ts';

export interface SealedRow {
  readonly id: string;
  readonly sealed: ReadonlyArray<Uint8Array | null>;
  readonly ready: boolean;
}

/** What the control plane keeps sealed of what people wrote: `read` takes the tenant and the last id, `shred` the tenant and ids, and gives those that it changed. */
export interface SealedPlace {
  readonly table: string;
  readonly columns: readonly string[];
  readonly purpose: SealPurpose;
  readonly read: Statement;
  readonly shred: Statement;
}

export const SEALED_PLACES: readonly SealedPlace[] = [
  {
    table: 'control.approvals', columns: ['action_sealed', 'preview_sealed'], purpose: 'approval',
    read: {
      name: 'erasure.sealed_approvals',
      text: `
        SELECT a.id, ARRAY[a.action_sealed, a.preview_sealed] AS sealed, a.state NOT IN ('pending', 'approved') AND NOT control.is_run_held(a.tenant_id, a.run_id) AS ready
          FROM control.approvals a WHERE a.tenant_id = $1 AND a.shredded_at IS NULL AND a.id > $2 ORDER BY a.id LIMIT 50`,
    },
    shred: {
      name: 'erasure.shred_approvals',
      text: `
        UPDATE control.approvals a SET action_sealed = NULL, preview_sealed = NULL, shredded_at = clock_timestamp()
         WHERE a.tenant_id = $1 AND a.id = ANY ($2) AND a.shredded_at IS NULL AND a.state NOT IN ('pending', 'approved') AND NOT control.is_run_held(a.tenant_id, a.run_id) RETURNING a.id`,
    },
  },
  {
    // One that is open is waited for: it loses its payload when it is decided or expires.
    table: 'control.change_requests', columns: ['payload_sealed'], purpose: 'identity',
    read: {
      name: 'erasure.sealed_changes',
      text: `
        SELECT c.id, ARRAY[c.payload_sealed] AS sealed, c.state NOT IN ('pending', 'approved') AS ready
          FROM control.change_requests c WHERE c.tenant_id = $1 AND c.payload_sealed IS NOT NULL AND c.id > $2 ORDER BY c.id LIMIT 50`,
    },
    shred: {
      name: 'erasure.shred_changes',
      text: `
        UPDATE control.change_requests c SET payload_sealed = NULL
         WHERE c.tenant_id = $1 AND c.id = ANY ($2) AND c.payload_sealed IS NOT NULL AND c.state NOT IN ('pending', 'approved') RETURNING c.id`,
    },
  },
  {
    table: 'control.break_glass_grants', columns: ['reason_sealed', 'review_reason_sealed'], purpose: 'identity',
    read: {
      name: 'erasure.sealed_break_glass',
      text: `
        SELECT g.id, ARRAY[g.reason_sealed, g.review_reason_sealed] AS sealed, g.ended_at IS NOT NULL AS ready
          FROM control.break_glass_grants g WHERE g.tenant_id = $1 AND num_nonnulls(g.reason_sealed, g.review_reason_sealed) > 0 AND g.id > $2 ORDER BY g.id LIMIT 50`,
    },
    shred: {
      name: 'erasure.shred_break_glass',
      text: `
        UPDATE control.break_glass_grants g SET reason_sealed = NULL, review_reason_sealed = NULL
         WHERE g.tenant_id = $1 AND g.id = ANY ($2) AND g.ended_at IS NOT NULL AND num_nonnulls(g.reason_sealed, g.review_reason_sealed) > 0 RETURNING g.id`,
    },
  },
];
