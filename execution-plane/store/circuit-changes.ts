import type { Circuit, InstanceKey } from '@countersign/connectors/gateway/health/health-store.ts';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { readInstanceWorkspace } from './repository-instance-health.ts';

export interface CircuitChange {
  readonly from: Circuit;
  readonly to: Circuit;
  /** What the last failure was; null when the instance answers again. */
  readonly code: string | null;
}

/** Writes into log and audit that an instance stopped answering or answers again, as the worker that saw it. */
export class CircuitChanges {
  readonly #parts: { readonly database: Database; readonly clock: Clock; readonly log: Logger; readonly worker: string };

  constructor(parts: { readonly database: Database; readonly clock: Clock; readonly log: Logger; readonly worker: string }) {
    this.#parts = parts;
  }

  /** Never rejects: the change itself is committed, and a call waits for nothing here. */
  async record({ tenantId, instanceId }: InstanceKey, change: CircuitChange): Promise<void> {
    const { database, clock, log, worker } = this.#parts;
    log.warn({ tenant_id: tenantId, instance_id: instanceId, ...change }, 'the circuit of an instance has changed');
    try {
      await database.forTenant(tenantId, async (tx) => {
        const instance = await tx.maybeOne<{ workspace_id: string; name: string }>(readInstanceWorkspace, [tenantId, instanceId]);
        if (instance === undefined) return;
        await appendAudit(tx, {
          at: clock.now(), type: 'instance.circuit_changed', tenant_id: tenantId, workspace_id: instance.workspace_id, run_id: null,
          actor: { kind: 'worker', id: worker }, subject: { kind: 'instance', id: instanceId }, data: { name: instance.name, from: change.from, to: change.to, code: change.code },
        });
      });
    } catch (error) {
      log.error({ err: error, tenant_id: tenantId, instance_id: instanceId }, 'a change of a circuit could not be written to the audit');
    }
  }
}
