import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import { LONGEST_OPEN_MS } from '../contents/contents.ts';

/**
 * What is taken away when its time is over. Each statement asks the tenant's own settings and its legal holds itself, in the transaction that takes
 * away: what was known a moment ago may not hold any more.
 */

const redateContents: Statement = {
  name: 'retention.redate_contents',
  text: `
    WITH RECURSIVE due AS (
      -- only what was sealed by workers that may not have known of the newest setting
      SELECT r.tenant_id, r.version, r.content_days, CASE WHEN p.version = r.version THEN p.redated_until ELSE '' END AS after
        FROM control.retention_settings r LEFT JOIN execution.retention_progress p USING (tenant_id)
       WHERE (p.version IS DISTINCT FROM r.version OR p.redated_until IS NOT NULL) AND r.set_at < clock_timestamp() - interval '30 seconds'
       ORDER BY r.tenant_id LIMIT 1
    ), page AS (
      SELECT c.tenant_id, c.id, c.created_at, c.shredded_at FROM due JOIN execution.contents c ON c.tenant_id = due.tenant_id AND c.id > due.after
       ORDER BY c.id LIMIT $1
    ), unproven AS (
      -- where content is kept for its run only: runs that are not proven, what may be redriven for a day yet, and what these have started
      SELECT r.tenant_id, r.id, CASE WHEN r.evidence_id IS NOT NULL THEN r.finished_at + interval '1 day' END AS until
        FROM due JOIN execution.runs r ON r.tenant_id = due.tenant_id
       WHERE due.content_days = 0 AND (r.evidence_id IS NULL OR (r.state = 'failed' AND r.finished_at > clock_timestamp() - interval '1 day'))
      UNION
      SELECT r.tenant_id, r.id, u.until FROM unproven u JOIN execution.runs r ON r.tenant_id = u.tenant_id AND r.parent_run_id = u.id
    ), needed AS (
      SELECT r.trigger_content_id AS id, u.until FROM unproven u JOIN execution.runs r ON (r.tenant_id, r.id) = (u.tenant_id, u.id)
      UNION SELECT unnest(ARRAY[s.input_content_id, s.output_content_id]), u.until FROM unproven u JOIN execution.steps s ON (s.tenant_id, s.run_id) = (u.tenant_id, u.id)
      UNION SELECT unnest(ARRAY[c.action_content_id, c.output_content_id]), u.until FROM unproven u JOIN execution.tool_calls c ON (c.tenant_id, c.run_id) = (u.tenant_id, u.id)
    ), ends AS (
      SELECT page.tenant_id, page.id,
             CASE WHEN due.content_days IS NULL THEN page.created_at + $2::float8 * interval '1 millisecond'
                  WHEN due.content_days > 0 THEN page.created_at + make_interval(days => due.content_days)
                  ELSE (SELECT CASE WHEN count(*) = 0 THEN now() WHEN bool_or(n.until IS NULL) THEN page.created_at + $3::float8 * interval '1 millisecond' ELSE max(n.until) END
                          FROM needed n WHERE n.id = page.id) END AS expires_at
        FROM page, due
    ), redated AS (
      UPDATE execution.contents c SET expires_at = ends.expires_at FROM ends WHERE (c.tenant_id, c.id) = (ends.tenant_id, ends.id) AND c.shredded_at IS NULL
    ), noted AS (
      INSERT INTO execution.retention_progress (tenant_id, version, redated_until)
      SELECT due.tenant_id, due.version, CASE WHEN (SELECT count(*) FROM page) = $1 THEN (SELECT max(id) FROM page) END FROM due
      ON CONFLICT (tenant_id) DO UPDATE SET version = excluded.version, redated_until = excluded.redated_until)
    SELECT count(*)::int AS looked_at FROM page`,
};

/** Gives content of before the end that its tenant's newest setting says, a page of `limit` at a time; what is put off by a hold is put off again. Gives how many it looked at. */
export async function redate(tx: Transaction, limit: number, keptMs: number): Promise<number> {
  return (await tx.one<{ looked_at: number }>(redateContents, [limit, keptMs, LONGEST_OPEN_MS])).looked_at;
}

const shredContents: Statement = {
  name: 'contents.shred',
  text: `
    WITH due AS (
      SELECT c.tenant_id, c.id, c.created_at,
             EXISTS (SELECT FROM control.legal_holds h WHERE h.tenant_id = c.tenant_id AND h.released_at IS NULL) AS ask_holds,
             -- a tenant that keeps content longer than its sealing said
             c.created_at + make_interval(days => r.content_days) AS kept_until
        FROM execution.contents c LEFT JOIN control.retention_settings r ON r.tenant_id = c.tenant_id
       WHERE c.shredded_at IS NULL AND c.expires_at <= now() ORDER BY c.expires_at LIMIT $1 FOR UPDATE OF c SKIP LOCKED
    ), held_runs AS (
      SELECT r.tenant_id, r.id, r.trigger_content_id FROM execution.runs r
       WHERE r.tenant_id IN (SELECT tenant_id FROM due WHERE ask_holds)
         -- runs that were there when these contents were made, with an hour to spare
         AND r.created_at <= (SELECT max(created_at) FROM due) + interval '1 hour' AND coalesce(r.finished_at, now()) >= (SELECT min(created_at) FROM due) - interval '1 hour'
         AND control.is_held(r.tenant_id, r.workspace_id, r.id, r.subject, NULL)
    ), held AS (
      SELECT tenant_id, trigger_content_id AS id FROM held_runs
      UNION ALL SELECT s.tenant_id, unnest(ARRAY[s.input_content_id, s.output_content_id]) FROM held_runs r JOIN execution.steps s ON s.tenant_id = r.tenant_id AND s.run_id = r.id
      UNION ALL SELECT c.tenant_id, unnest(ARRAY[c.action_content_id, c.output_content_id]) FROM held_runs r JOIN execution.tool_calls c ON c.tenant_id = r.tenant_id AND c.run_id = r.id
    ), judged AS (
      SELECT due.tenant_id, due.id,
             CASE WHEN due.ask_holds AND (control.is_held(due.tenant_id, NULL, NULL, NULL, NULL) OR EXISTS (SELECT FROM held WHERE (held.tenant_id, held.id) = (due.tenant_id, due.id)))
                  -- looked at again tomorrow, so that what is held does not stand in the way of what is not
                  THEN now() + interval '1 day' WHEN due.kept_until > now() THEN due.kept_until END AS put_off_to
        FROM due)
    UPDATE execution.contents c
       SET sealed = CASE WHEN judged.put_off_to IS NULL THEN NULL ELSE c.sealed END,
           shredded_at = CASE WHEN judged.put_off_to IS NULL THEN clock_timestamp() END,
           expires_at = coalesce(judged.put_off_to, c.expires_at)
      FROM judged WHERE (c.tenant_id, c.id) = (judged.tenant_id, judged.id)`,
};

/** Takes away what has been kept long enough; digest and size stay. What is held is put off by a day. Gives how many it took up. */
export function shredExpired(tx: Transaction, limit: number): Promise<number> {
  return tx.change(shredContents, [limit]);
}

/** `$2`: what the cell says, in milliseconds. */
const CONTENT_IS_KEPT = `coalesce((SELECT make_interval(days => r.content_days) FROM control.retention_settings r WHERE r.tenant_id = t.tenant_id), $2::float8 * interval '1 millisecond')`;

const shredDecisionInputs: Statement = {
  name: 'decisions.shred_inputs',
  text: `
    UPDATE execution.decisions d SET input_sealed = NULL, input_shredded_at = clock_timestamp()
      FROM (SELECT t.tenant_id, t.id FROM execution.decisions t
             WHERE t.input_sealed IS NOT NULL AND t.decided_at <= now() - ${CONTENT_IS_KEPT} AND NOT control.is_run_held(t.tenant_id, t.run_id)
             LIMIT $1 FOR UPDATE SKIP LOCKED) old
     WHERE d.tenant_id = old.tenant_id AND d.id = old.id`,
};

/** Takes away the inputs of decisions that are older than their tenant says, or `retentionMs`; what was masked stays. Gives how many. */
export function shredInputs(tx: Transaction, limit: number, retentionMs: number): Promise<number> {
  return tx.change(shredDecisionInputs, [limit, retentionMs]);
}

const shredTypedReasons: Statement = {
  name: 'commands.shred_reasons',
  text: `
    WITH commands AS (
      UPDATE execution.commands c SET reason = '(shredded)'
        FROM (SELECT t.tenant_id, t.id FROM execution.commands t
               WHERE t.handled_at IS NOT NULL AND t.reason <> '(shredded)' AND t.handled_at <= now() - ${CONTENT_IS_KEPT}
                 AND NOT control.is_run_held(t.tenant_id, t.run_id) AND NOT control.is_held(t.tenant_id, NULL, NULL, NULL, t.requested_by)
               LIMIT $1 FOR UPDATE SKIP LOCKED) old
       WHERE c.tenant_id = old.tenant_id AND c.id = old.id RETURNING c.id
    ), jobs AS (
      UPDATE execution.bulk_commands b SET reason = '(shredded)'
        FROM (SELECT t.tenant_id, t.id FROM execution.bulk_commands t
               WHERE t.reason <> '(shredded)' AND t.requested_at <= now() - ${CONTENT_IS_KEPT}
                 AND NOT control.is_held(t.tenant_id, t.workspace_id, NULL, NULL, t.requested_by)
                 AND NOT EXISTS (SELECT FROM execution.commands c WHERE c.tenant_id = t.tenant_id AND c.bulk_id = t.id AND c.handled_at IS NULL)
               LIMIT $1 FOR UPDATE SKIP LOCKED) old
       WHERE b.tenant_id = old.tenant_id AND b.id = old.id RETURNING b.id
    )
    SELECT greatest((SELECT count(*) FROM commands), (SELECT count(*) FROM jobs))::int AS shredded`,
};

/** Takes away what people typed as the reason of what was carried out longer ago than content is kept; the audit has its digest. Gives how many. */
export async function shredReasons(tx: Transaction, limit: number, retentionMs: number): Promise<number> {
  return (await tx.one<{ shredded: number }>(shredTypedReasons, [limit, retentionMs])).shredded;
}

const forgetDroppedPayloads: Statement = {
  name: 'deliveries.forget_dropped',
  text: `
    UPDATE execution.deliveries d SET payload = '{}', subject_label = NULL
      FROM (SELECT t.tenant_id, t.id FROM execution.deliveries t
             WHERE t.state = 'dropped' AND t.payload <> '{}' AND t.handled_at <= now() - ${CONTENT_IS_KEPT} AND NOT control.is_held(t.tenant_id, t.workspace_id, NULL, t.subject, NULL)
             ORDER BY t.tenant_id, t.handled_at LIMIT $1 FOR UPDATE SKIP LOCKED) old
     WHERE d.tenant_id = old.tenant_id AND d.id = old.id`,
};

/** Takes away what events said that no run was made of; of the others it went into their run's content. Gives how many. */
export function forgetDropped(tx: Transaction, limit: number, retentionMs: number): Promise<number> {
  return tx.change(forgetDroppedPayloads, [limit, retentionMs]);
}

const endTracesOfRuns: Statement = {
  name: 'retention.end_traces',
  text: `
    WITH old AS (
      SELECT r.tenant_id, r.id, r.delivery_id FROM control.retention_settings t JOIN execution.runs r ON r.tenant_id = t.tenant_id
       WHERE r.traces_ended_at IS NULL AND r.finished_at <= now() - make_interval(days => t.operational_days)
         -- what is not proven yet needs its traces
         AND r.evidence_id IS NOT NULL AND NOT control.is_held(r.tenant_id, r.workspace_id, r.id, r.subject, NULL)
       ORDER BY r.finished_at LIMIT $1 FOR UPDATE OF r SKIP LOCKED
    ), attempts AS (
      DELETE FROM execution.step_attempts a USING old JOIN execution.steps s ON s.tenant_id = old.tenant_id AND s.run_id = old.id
       WHERE (a.tenant_id, a.step_id) = (s.tenant_id, s.id)
    ), steps AS (
      UPDATE execution.steps s SET error = NULL FROM old WHERE (s.tenant_id, s.run_id) = (old.tenant_id, old.id) AND s.error IS NOT NULL
    ), calls AS (
      UPDATE execution.tool_calls c SET receipt = NULL, error = NULL FROM old WHERE (c.tenant_id, c.run_id) = (old.tenant_id, old.id) AND num_nonnulls(c.receipt, c.error) > 0
    ), decisions AS (
      UPDATE execution.decisions d SET masked_input = NULL FROM old WHERE (d.tenant_id, d.run_id) = (old.tenant_id, old.id) AND d.masked_input IS NOT NULL
    ), deliveries AS (
      UPDATE execution.deliveries d SET subject_label = NULL FROM old WHERE (d.tenant_id, d.id) = (old.tenant_id, old.delivery_id) AND d.subject_label IS NOT NULL
    )
    UPDATE execution.runs r SET traces_ended_at = clock_timestamp(), subject_label = NULL, error = NULL, pause_reason = CASE WHEN pause_reason IS NOT NULL THEN '(shredded)' END
      FROM old WHERE (r.tenant_id, r.id) = (old.tenant_id, old.id)`,
};

/** Takes away how runs were carried out, where a tenant keeps that for so many days only: what they were, cost and decided stays. Gives how many runs. */
export function endTraces(tx: Transaction, limit: number): Promise<number> {
  return tx.change(endTracesOfRuns, [limit]);
}
