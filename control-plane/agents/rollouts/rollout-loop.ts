import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { AuditEvent } from '@countersign/contracts/events/audit-event.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import { Loop } from '../../cell/loop.ts';
import { forEveryTenant } from '../../cell/tenants.ts';
import type { Notifier } from '../../live/notifier.ts';
import { decideStage } from './decide-stage.ts';
import type { AgentAt, StageDecision } from './decide-stage.ts';
import { agentsOfRollout, beginStage, endRollout, haltRollout, lockRunning, offerTo } from './repository-rollouts.ts';
import type { RolloutRow } from './repository-rollouts.ts';

export interface RolloutLoopParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly notifier: Notifier;
}

const LOOK_EVERY_MS = 2_000;

export function rolloutLoop(parts: RolloutLoopParts): Loop {
  const { database, log } = parts;
  return new Loop({ name: 'rollouts of agents', idle_ms: LOOK_EVERY_MS, busy_ms: LOOK_EVERY_MS, log }, () => forEveryTenant(database, log, (tenantId) => moveRollouts(parts, tenantId)));
}

/** Looks at each rollout of a tenant that runs, and takes it one step further. Gives whether there was anything to do. */
export async function moveRollouts({ database, clock, notifier }: Omit<RolloutLoopParts, 'log'>, tenantId: string): Promise<boolean> {
  const told = await database.forTenant(tenantId, async (tx) => {
    const offered: string[] = [];
    for (const rollout of await tx.rows<RolloutRow>(lockRunning, [tenantId])) {
      const agents = await tx.rows<AgentAt>(agentsOfRollout, [tenantId, rollout.pool_id, rollout.platform, rollout.id]);
      const decision = decideStage(rollout, agents, clock.now());
      await carryOut(tx, { tenantId, rollout, at: clock.now() }, decision);
      if (decision.kind === 'offer') offered.push(...decision.agent_ids);
    }
    return offered;
  });
  // A poll that is held ends, and its answer has the offer.
  for (const agent_id of told) notifier.agent({ tenant_id: tenantId, agent_id, about: 'state', order_id: null });
  return told.length > 0;
}

interface Moving {
  readonly tenantId: string;
  readonly rollout: RolloutRow;
  readonly at: Date;
}

async function carryOut(tx: Transaction, moving: Moving, decision: StageDecision): Promise<void> {
  const { tenantId, rollout } = moving;
  switch (decision.kind) {
    case 'offer':
      await tx.change(offerTo, [tenantId, rollout.id, decision.agent_ids]);
      return;
    case 'next':
      await tx.change(beginStage, [tenantId, rollout.id, rollout.stage + 1]);
      return;
    case 'halt':
      await tx.change(haltRollout, [tenantId, rollout.workspace_id, rollout.id, decision.code, decision.agent_id]);
      await tell(tx, moving, 'agent_rollout.halted', { code: decision.code, agent_id: decision.agent_id });
      return;
    case 'done':
      await tx.change(endRollout, [tenantId, rollout.id]);
      await tell(tx, moving, 'agent_rollout.finished', {});
      return;
    case 'wait':
  }
}

async function tell(tx: Transaction, { tenantId, rollout, at }: Moving, type: AuditEvent['type'], more: AuditEvent['data']): Promise<void> {
  await appendAudit(tx, {
    at, type, tenant_id: tenantId, workspace_id: rollout.workspace_id, run_id: null, actor: { kind: 'system', id: 'control-plane' }, subject: { kind: 'agent_rollout', id: rollout.id },
    data: { pool_id: rollout.pool_id, agent_version: rollout.agent_version, sha256: rollout.sha256, stage: rollout.stage, ...more },
  });
}
