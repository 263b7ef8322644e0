import { AGENT_LOST_MS } from '@countersign/contracts/agent/protocol.ts';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { Loop } from '../../cell/loop.ts';
import { forEveryTenant } from '../../cell/tenants.ts';
import type { Notifier } from '../../live/notifier.ts';
import { markLost } from './repository-lost.ts';
import type { LostAgent } from './repository-lost.ts';

export interface LostLoopParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly notifier: Notifier;
}

/** What is given to an agent does not wait for this: a worker looks when it was last seen. This is for people. */
const LOOK_EVERY_MS = 5_000;

export function lostLoop(parts: LostLoopParts): Loop {
  const { database, log } = parts;
  return new Loop({ name: 'lost agents', idle_ms: LOOK_EVERY_MS, busy_ms: LOOK_EVERY_MS, log }, () => forEveryTenant(database, log, (tenantId) => tellOfLost(parts, tenantId)));
}

/** Tells, once for each time, of agents that have not been heard of for `AGENT_LOST_MS`. Gives whether there was one. */
export async function tellOfLost({ database, clock, notifier }: Omit<LostLoopParts, 'log'>, tenantId: string): Promise<boolean> {
  const lost = await database.forTenant(tenantId, async (tx) => {
    const agents = await tx.rows<LostAgent>(markLost, [tenantId, AGENT_LOST_MS / 1000]);
    for (const { agent_id, pool_id, workspace_id, seen_at, epoch, seq } of agents) {
      await appendAudit(tx, {
        at: clock.now(), type: 'agent.lost', tenant_id: tenantId, workspace_id, run_id: null, actor: { kind: 'system', id: 'control-plane' }, subject: { kind: 'agent', id: agent_id },
        data: { pool_id, epoch, spool_seq: seq, received_at: seen_at.toISOString() },
      });
    }
    return agents;
  });
  for (const { agent_id, workspace_id } of lost) notifier.changed({ tenant_id: tenantId, workspace_id, kind: 'agent', id: agent_id, state: 'lost' });
  return lost.length > 0;
}
