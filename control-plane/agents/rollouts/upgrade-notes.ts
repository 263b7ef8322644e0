import type { PollRequest, UpgradeTold } from '@countersign/contracts/agent/protocol.ts';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { AdmittedAgent } from '../listener/admitted-agent.ts';
import { noteProgress } from './repository-rollouts.ts';
import type { ProgressRow } from './repository-rollouts.ts';

/** The same word may be news for another rollout, which was begun meanwhile. */
const BELIEVED_MS = 30_000;

/** How far agents say that they have come with a release. They say it with every poll; the database is asked when it is news here. */
export class UpgradeNotes {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #noted = new Map<string, { readonly said: string; readonly until_ms: number }>();

  constructor({ database, clock }: { readonly database: Database; readonly clock: Clock }) {
    this.#database = database;
    this.#clock = clock;
  }

  async note(agent: AdmittedAgent, { upgrade }: PollRequest): Promise<void> {
    if (upgrade === undefined) {
      this.#noted.delete(agent.agentId);
      return;
    }
    const said = `${upgrade.sha256} ${upgrade.state}`;
    const noted = this.#noted.get(agent.agentId);
    if (noted?.said === said && performance.now() < noted.until_ms) return;
    await this.#write(agent, upgrade);
    this.#noted.set(agent.agentId, { said, until_ms: performance.now() + BELIEVED_MS });
  }

  #write({ tenantId, workspaceId, agentId, poolId }: AdmittedAgent, { sha256, state, code }: UpgradeTold): Promise<void> {
    return this.#database.forTenant(tenantId, async (tx) => {
      const moved = await tx.maybeOne<ProgressRow>(noteProgress, [tenantId, agentId, sha256, state, code]);
      if (moved === undefined || (state !== 'well' && state !== 'failed')) return;
      await appendAudit(tx, {
        at: this.#clock.now(), type: 'agent.upgraded', tenant_id: tenantId, workspace_id: workspaceId, run_id: null, actor: { kind: 'agent', id: agentId }, subject: { kind: 'agent', id: agentId },
        data: { pool_id: poolId, rollout_id: moved.rollout_id, agent_version: moved.agent_version, sha256, state, code },
      });
    });
  }
}
