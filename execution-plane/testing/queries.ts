import pg from 'pg';
import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

/** A statement of a test. Unnamed plans would do, but the port wants names. */
export function sql(name: string, text: string): Statement {
  return { name: `test.${name}`, text };
}

const seed: Statement[] = [
  sql('directory', `INSERT INTO control.tenant_directory (tenant_id, slug, region, cell) VALUES ($1, $2, 'eu', 'test')`),
  sql('tenant', `INSERT INTO control.tenants (tenant_id, name) VALUES ($1, $2)`),
];

export async function seedTenant(tx: Transaction, tenantId: string, slug: string): Promise<void> {
  for (const statement of seed) await tx.change(statement, [tenantId, slug]);
}

export interface PlaceIds { readonly tenantId: string; readonly workspaceId: string; readonly environmentId: string; readonly personId: string; readonly instanceId: string }

export async function seedPlace(tx: Transaction, ids: PlaceIds): Promise<void> {
  const { tenantId, workspaceId, environmentId, personId } = ids;
  await tx.change(sql('workspace', `INSERT INTO control.workspaces (tenant_id, id, slug, name) VALUES ($1, $2, 'desk', 'Desk')`), [tenantId, workspaceId]);
  await tx.change(sql('environment', `INSERT INTO control.environments (tenant_id, workspace_id, id, name, ordinal) VALUES ($1, $2, $3, 'prod', 3)`), [tenantId, workspaceId, environmentId]);
  await tx.change(sql('person', `INSERT INTO control.principals (tenant_id, id, kind, display_name) VALUES ($1, $2, 'person', 'An approver')`), [tenantId, personId]);
  await tx.change(sql('role', `INSERT INTO control.role_assignments (tenant_id, workspace_id, principal_id, role) VALUES ($1, $2, $3, 'approver')`), [tenantId, workspaceId, personId]);
}

export async function seedEnvironment(tx: Transaction, tenantId: string, environment: { id: string; workspaceId: string; name: 'dev' | 'staging' | 'prod' }): Promise<void> {
  await tx.change(sql('another_environment', 'INSERT INTO control.environments (tenant_id, workspace_id, id, name, ordinal) VALUES ($1, $2, $3, $4, 1)'), [tenantId, environment.workspaceId, environment.id, environment.name]);
}

export async function seedInstance(tx: Transaction, ids: PlaceIds, instance: { connector: string; version: string; digest: string; manifest: unknown; baseUrl: string; host: string; name: string }): Promise<void> {
  await tx.change(sql('connector', `INSERT INTO control.connector_versions (tenant_id, connector, version, manifest_digest, manifest, published_by) VALUES ($1, $2, $3, $4, $5, 'test')`),
    [ids.tenantId, instance.connector, instance.version, instance.digest, JSON.stringify(instance.manifest)]);
  await tx.change(sql('instance', `INSERT INTO control.connector_instances (tenant_id, id, workspace_id, environment_id, connector, connector_version, manifest_digest, name, base_url, allowed_hosts)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`), [ids.tenantId, ids.instanceId, ids.workspaceId, ids.environmentId, instance.connector, instance.version, instance.digest, instance.name, instance.baseUrl, JSON.stringify([instance.host])]);
}

/** Another instance of the connector that `ids.instanceId` is one of. */
export async function seedInstanceBeside(tx: Transaction, ids: PlaceIds, instance: { id: string; name: string; baseUrl: string; host: string }): Promise<void> {
  await tx.change(sql('instance_beside', `INSERT INTO control.connector_instances (tenant_id, id, workspace_id, environment_id, connector, connector_version, manifest_digest, name, base_url, allowed_hosts)
    SELECT tenant_id, $3, workspace_id, environment_id, connector, connector_version, manifest_digest, $4, $5, $6 FROM control.connector_instances WHERE tenant_id = $1 AND id = $2`),
  [ids.tenantId, ids.instanceId, instance.id, instance.name, instance.baseUrl, JSON.stringify([instance.host])]);
}

export async function seedWorkflow(tx: Transaction, ids: PlaceIds, workflow: { id: string; name: string; definition: unknown }): Promise<void> {
  await tx.change(sql('workflow', `INSERT INTO control.workflows (tenant_id, id, workspace_id, name) VALUES ($1, $2, $3, $4)`), [ids.tenantId, workflow.id, ids.workspaceId, workflow.name]);
  await tx.change(sql('version', `INSERT INTO control.workflow_versions (tenant_id, workflow_id, version, digest, source, definition, published_by) VALUES ($1, $2, 1, $4, 'test', $3, 'test')`), [ids.tenantId, workflow.id, JSON.stringify(workflow.definition), digestOf(workflow.definition)]);
  await tx.change(sql('activation', `INSERT INTO control.workflow_activations (tenant_id, workflow_id, environment_id, version, activated_by) VALUES ($1, $2, $3, 1, 'test')`), [ids.tenantId, workflow.id, ids.environmentId]);
}

export async function seedBundleKey(tx: Transaction, tenantId: string, key: { kid: string; publicJwk: unknown }): Promise<void> {
  await tx.change(sql('key', `INSERT INTO control.signing_keys (tenant_id, kid, purpose, algorithm, public_jwk) VALUES ($1, $2, 'policy_bundle', 'ES256', $3)`), [tenantId, key.kid, JSON.stringify(key.publicJwk)]);
}

export async function insertBundle(tx: Transaction, tenantId: string, bundle: { scope: string; seq: number; digest: string; objectKey: string }): Promise<void> {
  await tx.change(sql('bundle', `INSERT INTO control.policy_bundles (tenant_id, seq, id, scope, revision, digest, object_key, signed_at, expires_at)
    VALUES ($1, $2, 'bdl_test', $5, 'test', $3, $4, clock_timestamp(), clock_timestamp() + interval '1 hour')`), [tenantId, bundle.seq, bundle.digest, bundle.objectKey, bundle.scope]);
}

/** As withdrawing a shadow release does. */
export async function endBundles(tx: Transaction, tenantId: string, scope: string): Promise<void> {
  await tx.change(sql('end_bundles', 'UPDATE control.policy_bundles SET expires_at = clock_timestamp() WHERE tenant_id = $1 AND scope = $2 AND expires_at > clock_timestamp()'), [tenantId, scope]);
}

export async function insertDelivery(tx: Transaction, ids: PlaceIds, delivery: { id: string; subject: string; dedupeKey: string; source: string; payload: unknown; connector: string; event: string }): Promise<boolean> {
  return await tx.change(sql('delivery', `INSERT INTO execution.deliveries (tenant_id, id, workspace_id, environment_id, instance_id, connector, event, subject, subject_label, dedupe_key, source, payload)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, $11) ON CONFLICT DO NOTHING`),
  [ids.tenantId, delivery.id, ids.workspaceId, ids.environmentId, ids.instanceId, delivery.connector, delivery.event, delivery.subject, delivery.dedupeKey, delivery.source, JSON.stringify(delivery.payload)]) === 1;
}

export async function vote(tx: Transaction, ids: PlaceIds, approvalId: string, voteId: string, decision: 'approve' | 'reject'): Promise<void> {
  await tx.change(sql('vote', `INSERT INTO control.approval_votes (tenant_id, approval_id, id, principal_id, role, decision, action_digest, auth_strength, channel)
    SELECT tenant_id, id, $3, $4, 'approver', $5, action_digest, 'password', 'api' FROM control.approvals WHERE tenant_id = $1 AND id = $2`), [ids.tenantId, approvalId, voteId, ids.personId, decision]);
  await tx.change(sql('decide', `UPDATE control.approvals SET state = $3, decided_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2 AND state = 'pending'`), [ids.tenantId, approvalId, decision === 'approve' ? 'approved' : 'rejected']);
}

/** As the control plane writes what a person said became of an effect. */
export async function answer(tx: Transaction, ids: PlaceIds, approvalId: string, voteId: string, said: 'happened' | 'did_not_happen'): Promise<void> {
  await tx.change(sql('answer_vote', `INSERT INTO control.approval_votes (tenant_id, approval_id, id, principal_id, role, decision, reason, action_digest, auth_strength, channel)
    SELECT tenant_id, id, $3, $4, 'approver', $5, 'I looked', action_digest, 'password', 'api' FROM control.approvals WHERE tenant_id = $1 AND id = $2`), [ids.tenantId, approvalId, voteId, ids.personId, said]);
  await tx.change(sql('answer', `UPDATE control.approvals SET state = 'answered', answer = $3, decided_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2 AND state = 'pending'`), [ids.tenantId, approvalId, said]);
}

export async function insertCommand(tx: Transaction, ids: PlaceIds, command: { id: string; runId: string; kind: 'cancel' | 'redrive' | 'pause' | 'resume' }): Promise<void> {
  await tx.change(sql('command', `INSERT INTO execution.commands (tenant_id, id, run_id, kind, reason, requested_by) VALUES ($1, $2, $3, $4, 'because', $5)`), [ids.tenantId, command.id, command.runId, command.kind, ids.personId]);
}

export interface RunSnapshot {
  readonly id: string;
  readonly state: string;
  readonly error: { code: string; message: string; step_key?: string; data?: Record<string, unknown> } | null;
  readonly steps: Readonly<Record<string, { id: string; state: string; attempt: number; fence: string; error: { code: string } | null; approval_id: string | null }>>;
}

export async function readRuns(tx: Transaction, tenantId: string): Promise<RunSnapshot[]> {
  return tx.rows<RunSnapshot>(sql('runs', `
    SELECT r.id, r.state, r.error,
           (SELECT jsonb_object_agg(s.key, jsonb_build_object('id', s.id, 'state', s.state, 'attempt', s.attempt, 'fence', s.fence::text, 'error', s.error, 'approval_id', s.approval_id))
              FROM execution.steps s WHERE s.tenant_id = r.tenant_id AND s.run_id = r.id) AS steps
      FROM execution.runs r WHERE r.tenant_id = $1 ORDER BY r.created_at, r.id`), [tenantId]);
}

/** The database's clock cannot be moved, so the times that it has written move the other way. */
export async function letTimePassForHealth(tx: Transaction, ms: number): Promise<void> {
  const columns = ['last_failure_at', 'opened_at', 'probe_at', 'probe_until', 'blocked_until', 'window_ends_at'].map((name) => `${name} = ${name} - make_interval(secs => $1::float8 / 1000)`);
  await tx.change(sql('health_time', `UPDATE execution.instance_health SET ${columns.join(', ')}`), [ms]);
}

/** `count` decisions as they were made at `from` before now and then at every `every` (negative: earlier and earlier). */
export async function insertDecisions(tx: Transaction, call: CallIdentity, rows: { count: number; action: string; instanceId: string; workflow: string; outcome: string; from: string; every: string }): Promise<void> {
  await tx.change(sql('decisions', `
    INSERT INTO execution.decisions (tenant_id, id, run_id, step_id, call_key, action, instance_id, action_digest, outcome, reasons, input_digest, evaluated_us, environment_id, workflow, decided_at)
    SELECT $1, 'dec_' || gen_random_uuid(), $2, $3, 'main', $4, $5, 'sha256:0', $6, '[]', 'sha256:0', 1, $7, $8, clock_timestamp() - $9::interval + n * $10::interval FROM generate_series(0, $11::int - 1) n`),
  [call.tenant.id, call.run.id, call.step.id, rows.action, rows.instanceId, rows.outcome, call.environment.id, rows.workflow, rows.from, rows.every, rows.count]);
}

/** As settled calls leave it in the accounts of the run and of the month. */
export async function insertSpending(tx: Transaction, call: CallIdentity, { spent, reserved }: { spent: string; reserved: string }): Promise<void> {
  await tx.change(sql('spending', `
    INSERT INTO execution.budget_accounts (tenant_id, workspace_id, kind, period, spent_usd, reserved_usd)
    VALUES ($1, $2, 'run', $3, $4, $5), ($1, $2, 'month', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM'), $4, $5)`), [call.tenant.id, call.workspace.id, call.run.id, spent, reserved]);
}

export async function setKillSwitch(tx: Transaction, tenantId: string, one: { id: string; scope: string; targetId: string }): Promise<void> {
  await tx.change(sql('kill', `INSERT INTO control.kill_switches (tenant_id, id, scope, target_id, reason, set_by) VALUES ($1, $2, $3, $4, 'because', 'prn_test')`), [tenantId, one.id, one.scope, one.targetId]);
}

export async function releaseKillSwitches(tx: Transaction, tenantId: string): Promise<void> {
  await tx.change(sql('unkill', `UPDATE control.kill_switches SET released_by = 'prn_test', release_reason = 'over', released_at = clock_timestamp(), recovered_at = clock_timestamp() WHERE tenant_id = $1 AND recovered_at IS NULL`), [tenantId]);
}

export async function setTimeZone(tx: Transaction, tenantId: string, zone: string): Promise<void> {
  await tx.change(sql('time_zone', 'UPDATE control.tenants SET time_zone = $2 WHERE tenant_id = $1'), [tenantId, zone]);
}

export async function setAutonomy(tx: Transaction, call: CallIdentity, autonomy: string): Promise<void> {
  await tx.change(sql('autonomy', `UPDATE execution.runs SET definition = jsonb_build_object('autonomy', $3::text) WHERE tenant_id = $1 AND id = $2`), [call.tenant.id, call.run.id, autonomy]);
}

export async function readWorkflowId(tx: Transaction, tenantId: string, name: string): Promise<string> {
  return (await tx.one<{ id: string }>(sql('workflow_id', 'SELECT id FROM control.workflows WHERE tenant_id = $1 AND name = $2'), [tenantId, name])).id;
}

export async function readPinnedSeqs(tx: Transaction): Promise<Array<number | null>> {
  return (await tx.rows<{ seq: number | null }>(sql('pinned_seqs', `SELECT (pins->>'policy_bundle_seq')::float8 AS seq FROM execution.runs ORDER BY created_at, id`))).map((row) => row.seq);
}

/** What autovacuum does in its time: statistics for the planner, and pages marked that an index can answer for. */
export async function vacuumDecisions(adminUrl: string): Promise<void> {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  try {
    await admin.query('VACUUM ANALYZE execution.decisions');
  } finally {
    await admin.end();
  }
}

export interface LoggedRow {
  readonly id: string;
  readonly input_digest: string;
  readonly input_sealed: Buffer | null;
  readonly [column: string]: unknown;
}

/** Everything that is kept of decisions. */
export function readLoggedDecisions(tx: Transaction): Promise<LoggedRow[]> {
  return tx.rows<LoggedRow>(sql('logged_decisions', 'SELECT * FROM execution.decisions ORDER BY decided_at, id'));
}

/** Nobody can read kill switches until `work` is over, which is told when somebody waits for them. */
export async function whileKillSwitchesAreLocked(adminUrl: string, work: (untilOneWaits: () => Promise<void>) => Promise<void>): Promise<void> {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  const waiting = async (): Promise<boolean> => (await admin.query(`SELECT FROM pg_locks WHERE relation = 'control.kill_switches'::regclass AND NOT granted`)).rowCount !== 0;
  try {
    await admin.query('BEGIN; LOCK TABLE control.kill_switches IN ACCESS EXCLUSIVE MODE');
    await work(async () => { while (!await waiting()); });
    await admin.query('COMMIT');
  } finally {
    await admin.end();
  }
}

/** What autovacuum does in its time. */
export async function analyse(adminUrl: string): Promise<void> {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  try {
    await admin.query('ANALYZE execution.runs, execution.steps, execution.deliveries');
  } finally {
    await admin.end();
  }
}
