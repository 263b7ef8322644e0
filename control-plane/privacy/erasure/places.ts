import type { ScannedTable } from '@countersign/platform/postgres/text-scan.ts';

const ERASED = `'(erased)'`;
const erasedIfAny = (column: string): string => `CASE WHEN t.${column} IS NOT NULL THEN ${ERASED} END`;
/** It has no run that could be held. */
const UNHELD = 'true';

/** Where the control plane keeps what people typed, in clear. What it keeps sealed is in `sealed-places.ts`; the workers see to their own. */
export const CONTROL_TEXTS: readonly ScannedTable[] = [
  { table: 'control.approval_votes', key: 't.id', columns: ['reason'], clear: { reason: 'NULL' }, ready: 'NOT EXISTS (SELECT FROM control.approvals a WHERE (a.tenant_id, a.id) = (t.tenant_id, t.approval_id) AND control.is_run_held(a.tenant_id, a.run_id))' },
  { table: 'control.kill_switches', key: 't.id', columns: ['reason', 'release_reason'], clear: { reason: ERASED, release_reason: erasedIfAny('release_reason') }, ready: UNHELD },
  {
    table: 'control.policy_releases', key: 't.id', columns: ['reason', 'override_reason', 'withdraw_reason'],
    clear: { reason: ERASED, override_reason: erasedIfAny('override_reason'), withdraw_reason: erasedIfAny('withdraw_reason') }, ready: UNHELD,
  },
  { table: 'control.policy_versions', key: `t.layer || '/' || t.version`, columns: ['message'], clear: { message: ERASED }, ready: UNHELD },
  { table: 'control.policy_replays', key: 't.id', columns: ['reason'], clear: { reason: erasedIfAny('reason') }, ready: UNHELD },
  { table: 'control.schedules', key: 't.id', columns: ['pause_reason'], clear: { pause_reason: erasedIfAny('pause_reason') }, ready: UNHELD },
  { table: 'control.saved_views', key: 't.id', columns: ['name', 'filters'], clear: 'delete', ready: UNHELD },
  { table: 'control.idempotent_requests', key: `t.principal_id || '/' || t.key`, columns: ['key', 'response_body'], clear: 'delete', ready: UNHELD },
  { table: 'control.slack_link_requests', key: 't.nonce_sha256', columns: ['slack_name'], clear: 'delete', ready: UNHELD },
  { table: 'control.slack_links', key: `t.installation || '/' || t.slack_user`, columns: ['slack_name'], clear: 'delete', ready: UNHELD },
  { table: 'control.invitations', key: 't.id', columns: ['email', 'display_name'], clear: 'delete', ready: UNHELD },
];

/** Said in the evidence of every erasure: what was not looked through, and why. */
export const NOT_SEARCHED: Readonly<Record<string, string>> = {
  'audit.*': 'ids, digests and counts only; the id of the person stays provable there, and is nobody\'s without the row that named them',
  'objects of evidence': 'sealed against change for their retention; they hold ids, digests and the names of fields, and what a run wrote back',
  'systems of record': 'the tickets themselves are in the customer\'s systems, which have erasures of their own',
};
