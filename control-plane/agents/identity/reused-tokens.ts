import type { EnrolmentToken } from '@countersign/contracts/agent/enrolment-token.ts';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { RateLimit } from '../../cell/rate-limit.ts';
import type { Notifier } from '../../live/notifier.ts';
import { raiseAlarm } from '../session/repository-alarms.ts';
import type { AlarmKind } from '../session/repository-alarms.ts';
import { moveAgent } from './agent-state.ts';
import { countReuse } from './repository-tokens.ts';
import type { ReuseRow } from './repository-tokens.ts';
import { secretDigest } from './token-secret.ts';

export interface ReusedTokensParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly notifier: Notifier;
  /** Whoever shows a used token over and over does not fill the trail. */
  readonly refusals: RateLimit;
  /** Counts alarms. */
  readonly alarmed: (kind: AlarmKind) => void;
}

const CELL = { kind: 'system', id: 'control-plane' } as const;

/**
 * A token that is shown a second time has been in two hands, and nobody knows which of them enrolled: it is an alarm, and the agent takes no more
 * work until a person has looked (as a wrapped secret of Vault that was unwrapped before).
 */
export class ReusedTokens {
  readonly #parts: ReusedTokensParts;

  constructor(parts: ReusedTokensParts) {
    this.#parts = parts;
  }

  /** Whether `token` is one that was used. */
  async note(token: EnrolmentToken): Promise<boolean> {
    const { tenant_id } = token;
    const drained = await this.#parts.database.forTenant(tenant_id, async (tx) => {
      const reuse = await tx.maybeOne<ReuseRow>(countReuse, [tenant_id, token.id, secretDigest(token)]);
      return reuse === undefined ? undefined : { agentId: reuse.agent_id, isNew: await this.#alarm(tx, token, reuse) };
    });
    if (drained === undefined) return false;
    this.#parts.alarmed('token_reused');
    if (drained.isNew) this.#parts.notifier.agent({ tenant_id, agent_id: drained.agentId, about: 'state', order_id: null });
    return true;
  }

  async #alarm(tx: Transaction, { tenant_id, id }: EnrolmentToken, { agent_id, uses, workspace_id, pool_id, pool }: ReuseRow): Promise<boolean> {
    const { clock, refusals } = this.#parts;
    const at = clock.now();
    const moved = await moveAgent(tx, { at, tenantId: tenant_id, workspaceId: null, agentId: agent_id, to: 'draining', actor: CELL, reason: null, because: 'token_reused' });
    await raiseAlarm(tx, tenant_id, { agent_id, kind: 'token_reused', code: 'token_reused' });
    const noted = refusals.take(`enrolment ${id}`);
    if (noted === null) return moved.kind === 'moved';
    await appendAudit(tx, {
      at, type: 'agent.token_reused', tenant_id, workspace_id, run_id: null, actor: CELL, subject: { kind: 'enrolment_token', id },
      data: { token_id: id, agent_id, pool_id, pool, uses, suppressed_count: noted.suppressed_count },
    });
    return moved.kind === 'moved';
  }
}
