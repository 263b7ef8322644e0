import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { NewAuditEvent } from '../audit/events.ts';
import type { Changes } from '../changes/changes.ts';
import type { Tenants } from '../loops/tenants.ts';
import { decideAdmissions } from './decide-admissions.ts';
import type { WaitingRun } from './decide-admissions.ts';
import type { Gate } from './limit-keys.ts';
import { admitRuns, countBegun, findWaitingGates, KEYS_AT_ONCE, lockGate, lockWaiting } from './repository-admissions.ts';
import type { KeyRange } from './repository-admissions.ts';

export interface AdmissionsOptions {
  readonly database: Database;
  readonly tenants: Tenants;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly worker: string;
}

/** A rate has no event that says when the next may begin: it is looked for this often. */
export const ADMISSIONS_EVERY_MS = 500;

/** Of one key, in one look. */
const EACH = 20;

/**
 * Lets runs begin that wait because of the limits of their workflow, as others end and time passes. Runs that fit when they are made are let
 * in by whoever makes them (`admitWaiting`); here is everybody else's turn.
 */
export class Admissions {
  readonly #options: AdmissionsOptions;

  constructor(options: AdmissionsOptions) {
    this.#options = options;
  }

  /** Looks at every gate at which somebody waits. Gives whether there may be more. */
  async turn(): Promise<boolean> {
    const { database, tenants, changes } = this.#options;
    const gates = await database.forTenants(await tenants.ids(), findWaitingGates);
    let any = false;
    for (const gate of gates) any = await this.#admitAll(gate) || any;
    if (any) changes.stepsReady();
    return any;
  }

  async #admitAll(gate: Gate): Promise<boolean> {
    let admitted = 0;
    for (let after: string | null = ''; after !== null;) {
      const from: string = after;
      const found = await this.#options.database.forTenant(gate.tenant_id, async (tx) => {
        await lockGate(tx, gate);
        return admitWaiting(tx, gate, { after: from }, this.#options.worker, this.#options.clock.now());
      });
      admitted += found.admitted.length;
      after = found.nextKey;
    }
    return admitted > 0;
  }
}

/**
 * Admits whoever fits. Whoever calls it has the gate's lock, taken by a statement of its own: what is counted here must have been read after.
 * `nextKey`: behind which key there are more; null where all were looked at.
 */
export async function admitWaiting(tx: Transaction, gate: Gate, keys: KeyRange, worker: string, at: Date): Promise<{ admitted: string[]; nextKey: string | null }> {
  const waiting = await lockWaiting(tx, gate, keys, EACH);
  const [first] = waiting;
  if (first === undefined) return { admitted: [], nextKey: null };
  const admitted = decideAdmissions(waiting, { underWay: new Map(waiting.map((run) => [run.concurrency_key, run.under_way])), begun: await countBegun(tx, gate, waiting) });
  if (admitted.length > 0) await admitRuns(tx, gate.tenant_id, admitted.map(({ id }) => id), admitted.map((run) => admittedEvent(gate, run, worker)), at);
  return { admitted: admitted.map(({ id }) => id), nextKey: 'after' in keys && first.keys >= KEYS_AT_ONCE ? first.last_key : null };
}

function admittedEvent({ tenant_id }: Gate, { id, workspace_id, concurrency, rate }: WaitingRun, worker: string): NewAuditEvent {
  return {
    type: 'run.admitted', tenant_id, workspace_id, run_id: id, actor: { kind: 'worker', id: worker }, subject: { kind: 'run', id },
    data: { ...(concurrency === null ? {} : { concurrency_limit: concurrency.limit }), ...(rate === null ? {} : { rate_count: rate.count, rate_per_ms: rate.per_ms }) },
  };
}
