import type { Logger } from '@countersign/platform/log/logger.ts';

export interface TenantLanesOptions {
  /** What is done for a tenant; gives whether there is more. */
  readonly work: (tenantId: string) => Promise<boolean>;
  /** It is to be looked at again: `now`, for there is more or something was told of while it was under way; `later`, for all lanes are taken. */
  readonly again: (tenantId: string, when: 'now' | 'later') => void;
  readonly log: Logger;
  readonly lanes?: number;
}

interface Lane {
  asked: boolean;
  done: Promise<void>;
}

const LANES = 16;

/**
 * Work that waits for machines that tenants name, each tenant beside the others: whoever's peer hangs holds up nobody but themselves. A tenant is under
 * way once at a time; where all lanes are taken it is looked at again.
 */
export class TenantLanes {
  readonly #options: TenantLanesOptions;
  readonly #underWay = new Map<string, Lane>();

  constructor(options: TenantLanesOptions) {
    this.#options = options;
  }

  /** Begins what can be begun, and waits for none of it. */
  begin(tenantIds: readonly string[]): void {
    for (const tenantId of tenantIds) {
      const before = this.#underWay.get(tenantId);
      if (before !== undefined) before.asked = true;
      else if (this.#underWay.size >= (this.#options.lanes ?? LANES)) this.#options.again(tenantId, 'later');
      else this.#start(tenantId);
    }
  }

  /** Resolves when what is under way is over. */
  async stop(): Promise<void> {
    await Promise.all([...this.#underWay.values()].map(({ done }) => done));
  }

  #start(tenantId: string): void {
    const lane: Lane = { asked: false, done: Promise.resolve() };
    this.#underWay.set(tenantId, lane);
    lane.done = this.#run(tenantId, lane);
  }

  async #run(tenantId: string, lane: Lane): Promise<void> {
    const more = await this.#work(tenantId);
    this.#underWay.delete(tenantId);
    if (more || lane.asked) this.#options.again(tenantId, 'now');
  }

  /** Whether there is more to do. */
  async #work(tenantId: string): Promise<boolean> {
    try {
      return await this.#options.work(tenantId);
    } catch (error) {
      this.#options.log.error({ err: error, tenant_id: tenantId }, 'work on the audit of a tenant failed; the others go on');
      return false;
    }
  }
}
