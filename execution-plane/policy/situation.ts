import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import type { CallSituation, Situation } from '@countersign/connectors/gateway/ports.ts';
import type { Autonomy } from '@countersign/contracts/policy/decision.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { ExecutionError } from '../errors.ts';
import { concerns, readAutonomy, readTenantSituation, readWorkflows } from './repository-situation.ts';
import type { TenantSituation } from './repository-situation.ts';

/** A kill switch binds within a second: nothing that was read longer ago than this is decided by. */
const MAX_AGE_MS = 500;
/** A read that was itself too slow to be of use is made once more. */
const READS = 2;
/** Of versions of workflows, which never change. */
const REMEMBERED = 1_000;

interface Known {
  readonly situation: TenantSituation;
  /** When it was asked for: what was answered may be as old as the question. */
  readonly askedAt: number;
}

/**
 * Time zone, kill switches and autonomy from the database, read at most twice a second for a tenant however many calls it has under way. When
 * they cannot be read again in time nothing older is used: the call is not decided.
 */
export class PostgresSituation implements Situation {
  readonly #database: Database;
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();
  readonly #reading = new Map<string, Promise<Known>>();
  readonly #autonomy = new Map<string, Autonomy>();
  /** Raised when something is said to have changed: what was asked for before is not kept. */
  #changes = 0;
  readonly #workflows = new Map<string, readonly string[]>();

  /** `nowMs`: of a monotonic clock. */
  constructor(database: Database, nowMs: () => number = () => performance.now()) {
    this.#database = database;
    this.#now = nowMs;
  }

  /** A kill switch of this tenant was set or let go somewhere: the next call reads anew. A hint; without it the time that a read is believed for is the longest that one takes to bind. */
  forget(tenantId: string): void {
    this.#changes += 1;
    this.#known.delete(tenantId);
    this.#reading.delete(tenantId);
  }

  /** Such a hint may have been missed. */
  forgetAll(): void {
    this.#changes += 1;
    this.#known.clear();
    this.#reading.clear();
  }

  /** @throws ExecutionError `situation_unknown`; what the database failed with */
  async of(call: CallIdentity): Promise<CallSituation> {
    const autonomy = await this.#autonomyOf(call);
    const { time_zone, kill_switches } = await this.#tenantOf(call.tenant.id);
    // Where nothing is stopped by workflow, which is nearly always, nobody needs to know which workflow this is.
    const workflows = kill_switches.some((one) => one.scope === 'workflow') ? await this.#workflowsOf(call) : [];
    return {
      time_zone, autonomy,
      kill_switches: kill_switches.filter((one) => concerns(one, call, workflows)).map(({ id, scope, reason }) => ({ id, scope, reason })),
    };
  }

  async #tenantOf(tenantId: string): Promise<TenantSituation> {
    let known = this.#known.get(tenantId);
    for (let reads = 0; reads < READS && !this.#isFresh(known); reads++) known = await this.#readOnce(tenantId);
    if (known === undefined || !this.#isFresh(known)) {
      throw new ExecutionError('situation_unknown', `The kill switches of ${tenantId} could not be read within ${MAX_AGE_MS} ms, so nothing is decided. Look at the load of the database.`);
    }
    return known.situation;
  }

  #isFresh(known: Known | undefined): boolean {
    return known !== undefined && this.#now() - known.askedAt < MAX_AGE_MS;
  }

  /** Callers at the same moment share one read. */
  #readOnce(tenantId: string): Promise<Known> {
    const underWay = this.#reading.get(tenantId);
    if (underWay !== undefined) return underWay;
    const reading = this.#read(tenantId).finally(() => {
      if (this.#reading.get(tenantId) === reading) this.#reading.delete(tenantId);
    });
    this.#reading.set(tenantId, reading);
    return reading;
  }

  async #read(tenantId: string): Promise<Known> {
    const changes = this.#changes;
    const known = await this.#database.forTenant(tenantId, async (tx): Promise<Known> => {
      const askedAt = this.#now();
      return { askedAt, situation: await readTenantSituation(tx, tenantId) };
    });
    if (changes === this.#changes) this.#known.set(tenantId, known);
    return known;
  }

  /** What started a run is the same for ever. */
  async #workflowsOf(call: CallIdentity): Promise<readonly string[]> {
    const remembered = this.#workflows.get(call.run.id);
    if (remembered !== undefined) return remembered;
    const workflows = await this.#database.forTenant(call.tenant.id, (tx) => readWorkflows(tx, call));
    if (this.#workflows.size >= REMEMBERED) this.#workflows.delete(this.#workflows.keys().next().value ?? '');
    this.#workflows.set(call.run.id, workflows);
    return workflows;
  }

  async #autonomyOf(call: CallIdentity): Promise<Autonomy> {
    const version = `${call.tenant.id}/${call.run.workflowDigest}`;
    const remembered = this.#autonomy.get(version);
    if (remembered !== undefined) return remembered;
    const autonomy = await this.#database.forTenant(call.tenant.id, (tx) => readAutonomy(tx, call));
    if (this.#autonomy.size >= REMEMBERED) this.#autonomy.delete(this.#autonomy.keys().next().value ?? '');
    this.#autonomy.set(version, autonomy);
    return autonomy;
  }
}
