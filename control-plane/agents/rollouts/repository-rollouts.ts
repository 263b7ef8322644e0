import type { UpgradeOffer } from '@countersign/contracts/agent/protocol.ts';
import type { DsseEnvelope } from '@countersign/contracts/evidence/dsse.ts';
import type { AgentRolloutState } from '@countersign/contracts/states/transitions.ts';
import type { Statement } from '@countersign/platform/postgres/database.ts';
import type { Progress } from './decide-stage.ts';

export interface RolloutRow {
  readonly id: string;
  readonly pool_id: string;
  readonly pool: string;
  readonly workspace_id: string;
  readonly agent_version: string;
  readonly platform: string;
  readonly sha256: string;
  readonly size_bytes: number;
  readonly signature: DsseEnvelope;
  readonly shares: number[];
  readonly stage: number;
  readonly stage_began_at: Date;
  readonly stage_min_s: number;
  readonly state: AgentRolloutState;
  readonly halt_code: string | null;
  readonly halted_by: string | null;
  readonly created_by: string;
  readonly created_at: Date;
  readonly ended_at: Date | null;
  /** How many of its agents are in each state. */
  readonly agents: Partial<Record<Progress, number>>;
}

const COLUMNS = `r.id, r.pool_id, o.name AS pool, o.workspace_id, r.agent_version, r.platform, r.sha256, r.size_bytes::float8 AS size_bytes, r.signature, r.shares, r.stage, r.stage_began_at, r.stage_min_s, r.state,
  r.halt_code, r.halted_by, r.created_by, r.created_at, r.ended_at,
  coalesce((SELECT jsonb_object_agg(by_state.state, by_state.count) FROM (
    SELECT a.state, count(*)::int AS count FROM control.agent_rollout_agents a WHERE (a.tenant_id, a.rollout_id) = (r.tenant_id, r.id) GROUP BY a.state) by_state), '{}') AS agents`;

/** Of the workspace `$2`; of the pool `$3`, or the rollout `$4` alone, where they are named. */
export const listRollouts: Statement = {
  name: 'agent_rollouts.list',
  text: `SELECT ${COLUMNS} FROM control.agent_rollouts r JOIN control.agent_pools o ON (o.tenant_id, o.id) = (r.tenant_id, r.pool_id)
          WHERE r.tenant_id = $1 AND o.workspace_id = $2 AND ($3::text IS NULL OR r.pool_id = $3) AND ($4::text IS NULL OR r.id = $4)
          ORDER BY r.created_at DESC, r.id DESC LIMIT 200`,
};

export const insertRollout: Statement = {
  name: 'agent_rollouts.insert',
  text: `INSERT INTO control.agent_rollouts (tenant_id, id, pool_id, agent_version, platform, sha256, size_bytes, signature, shares, stage_min_s, created_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
};

/** One at a time may look at a rollout; who comes second passes it over. */
export const lockRunning: Statement = {
  name: 'agent_rollouts.lock_running',
  text: `SELECT ${COLUMNS} FROM control.agent_rollouts r JOIN control.agent_pools o ON (o.tenant_id, o.id) = (r.tenant_id, r.pool_id)
          WHERE r.tenant_id = $1 AND r.state = 'running' ORDER BY r.id FOR UPDATE OF r SKIP LOCKED`,
};

/** Agents of the pool `$2` on the platform `$3`, with how far each has come in the rollout `$4`. Who is drained is left alone until it is resumed. */
export const agentsOfRollout: Statement = {
  name: 'agent_rollouts.agents',
  text: `
    SELECT a.id AS agent_id, p.seen_at, g.state AS progress, g.state_at AS progress_at
      FROM control.agents a
      LEFT JOIN control.agent_presence p ON (p.tenant_id, p.agent_id) = (a.tenant_id, a.id)
      LEFT JOIN control.agent_rollout_agents g ON (g.tenant_id, g.rollout_id, g.agent_id) = (a.tenant_id, $4, a.id)
     WHERE a.tenant_id = $1 AND a.pool_id = $2 AND a.platform = $3 AND a.state <> 'revoked' AND (a.state = 'active' OR g.state IS NOT NULL)`,
};

export const offerTo: Statement = {
  name: 'agent_rollouts.offer',
  text: `INSERT INTO control.agent_rollout_agents (tenant_id, rollout_id, agent_id, state) SELECT $1, $2, agent_id, 'offered' FROM unnest($3::text[]) agent_id ON CONFLICT DO NOTHING`,
};

export const beginStage: Statement = {
  name: 'agent_rollouts.begin_stage',
  text: `UPDATE control.agent_rollouts SET stage = $3, stage_began_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2 AND state = 'running'`,
};

/** `$4`: why, and by which agent or person, `$5`. */
export const haltRollout: Statement = {
  name: 'agent_rollouts.halt',
  text: `UPDATE control.agent_rollouts r SET state = 'halted', halt_code = $4, halted_by = $5
           FROM control.agent_pools o WHERE (o.tenant_id, o.id) = (r.tenant_id, r.pool_id) AND r.tenant_id = $1 AND o.workspace_id = $2 AND r.id = $3 AND r.state = 'running'
         RETURNING r.pool_id`,
};

export const resumeRollout: Statement = {
  name: 'agent_rollouts.resume',
  text: `UPDATE control.agent_rollouts r SET state = 'running', halt_code = NULL, halted_by = NULL, stage_began_at = clock_timestamp()
           FROM control.agent_pools o WHERE (o.tenant_id, o.id) = (r.tenant_id, r.pool_id) AND r.tenant_id = $1 AND o.workspace_id = $2 AND r.id = $3 AND r.state = 'halted'
         RETURNING r.pool_id`,
};

/** They are offered it anew. */
export const forgetUnfinished: Statement = {
  name: 'agent_rollouts.forget_unfinished',
  text: `DELETE FROM control.agent_rollout_agents WHERE tenant_id = $1 AND rollout_id = $2 AND state <> 'well'`,
};

export const endRollout: Statement = {
  name: 'agent_rollouts.end',
  text: `UPDATE control.agent_rollouts SET state = 'done', ended_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2 AND state = 'running'`,
};

export interface OfferedRelease extends Omit<UpgradeOffer, 'signature'> {
  readonly signature: DsseEnvelope;
}

/** What the agent `$2` is to run: while its rollout runs, and until it does or cannot. */
export const offeredRelease: Statement = {
  name: 'agent_rollouts.offered',
  text: `SELECT r.agent_version AS version, r.sha256, r.size_bytes::float8 AS size_bytes, r.signature
           FROM control.agent_rollout_agents g JOIN control.agent_rollouts r ON (r.tenant_id, r.id) = (g.tenant_id, g.rollout_id)
          WHERE g.tenant_id = $1 AND g.agent_id = $2 AND g.state NOT IN ('well', 'failed') AND r.state = 'running' ORDER BY r.id DESC LIMIT 1`,
};

export interface ProgressRow {
  readonly rollout_id: string;
  readonly agent_version: string;
}

/** The agent `$2` says how far it has come with the file `$3`; a row only where that is news. What had failed before it was offered anew is not of this offer. */
export const noteProgress: Statement = {
  name: 'agent_rollouts.note_progress',
  text: `UPDATE control.agent_rollout_agents g SET state = $4, code = $5, state_at = clock_timestamp()
           FROM control.agent_rollouts r
          WHERE (r.tenant_id, r.id) = (g.tenant_id, g.rollout_id) AND g.tenant_id = $1 AND g.agent_id = $2 AND r.sha256 = $3 AND r.state <> 'done' AND g.state NOT IN ('well', 'failed') AND g.state <> $4
         RETURNING g.rollout_id, r.agent_version`,
};
