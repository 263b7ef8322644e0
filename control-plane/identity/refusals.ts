import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { RateLimit } from '../cell/rate-limit.ts';
import { homeWorkspace } from './sessions/queries.ts';

export interface RefusalsParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly refusals: RateLimit;
}

export interface RefusedSignIn {
  /** What was wrong, for whoever reads the audit; the person is told less. */
  readonly code: string;
  readonly method: 'link' | 'oidc' | 'passkey' | 'invitation';
  readonly idp?: string;
  /** What the check said that refused it. */
  readonly reason?: string;
}

/** Sign-ins that were refused, in the audit of the tenant that they were meant for: only so many, and how many were left out. */
export class Refusals {
  readonly #parts: RefusalsParts;

  constructor(parts: RefusalsParts) {
    this.#parts = parts;
  }

  async audit(tenantId: string, { code, method, idp, reason }: RefusedSignIn): Promise<void> {
    const allowed = this.#parts.refusals.take(`session/${tenantId}`);
    if (allowed === null) return;
    await this.#parts.database.forTenant(tenantId, async (tx) => {
      // A tenant that does not exist has no workspace, and so no chain to write to.
      const home = await tx.maybeOne<{ id: string }>(homeWorkspace, [tenantId]);
      if (home === undefined) return;
      await appendAudit(tx, {
        at: this.#parts.clock.now(), type: 'session.refused', tenant_id: tenantId, workspace_id: home.id, run_id: null,
        actor: { kind: 'system', id: 'control-plane' }, subject: { kind: 'tenant', id: tenantId },
        data: { code, method, idp: idp ?? null, reason: reason ?? null, suppressed_count: allowed.suppressed_count },
      });
    });
  }
}
