import { setTimeout as pause } from 'node:timers/promises';
import { SEALED_AT_ONCE, sealPending } from '@countersign/platform/audit/seal-pending.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { Loop } from '../cell/loop.ts';
import { signCheckpoints } from './checkpoints.ts';
import type { CheckpointPace, CheckpointParts } from './checkpoints.ts';
import { indexTenant } from './search-index.ts';
import { deliverToSinks } from './sinks/delivery.ts';
import type { DeliveryParts } from './sinks/delivery.ts';
import { TenantLanes } from './tenant-lanes.ts';
import { TenantRounds } from './tenant-rounds.ts';
import { cosignCheckpoints } from './witnesses/cosigning.ts';

/** An event is sealed about this long after its commit, unless a notification makes it sooner. */
const IDLE_MS = 200;
/** Where events come all the time, those of so long are sealed by one commit. The first after a rest is sealed at once. */
export const GATHER_MS = 50;
const SIGNING_MS = 500;
const INDEXING_MS = 500;
const TELLING_MS = 500;
/** Sealing goes before search while there is something to seal, for so many turns. */
const MOST_YIELDED = 10;

export interface SequencerParts extends CheckpointParts, Pick<DeliveryParts, 'fetchTo'> {
  readonly log: Logger;
  readonly pace: CheckpointPace;
}

/** Seals pending audit events, each chain in its order, signs the heads, makes what is sealed findable, and tells witnesses and sinks. One loop each. */
export class Sequencer {
  readonly #parts: SequencerParts;
  readonly #sealing: Loop;
  readonly #signing: Loop;
  readonly #indexing: Loop;
  readonly #cosigning: Loop;
  readonly #delivering: Loop;
  readonly #cosignings: TenantLanes;
  readonly #deliveries: TenantLanes;
  readonly #toSeal: TenantRounds;
  readonly #toSign: TenantRounds;
  readonly #toIndex: TenantRounds;
  readonly #toCosign: TenantRounds;
  readonly #toDeliver: TenantRounds;
  /** Since search was last looked at. */
  #hasSealed = false;
  #gathersUntil_ms = 0;
  #yielded = 0;
  /** Chains that somebody waits for to be signed, by tenant. */
  readonly #wanted = new Map<string, Set<string>>();

  constructor(parts: SequencerParts) {
    this.#parts = parts;
    this.#toSeal = new TenantRounds(parts.database);
    this.#toSign = new TenantRounds(parts.database);
    this.#toIndex = new TenantRounds(parts.database);
    this.#toCosign = new TenantRounds(parts.database);
    this.#toDeliver = new TenantRounds(parts.database);
    this.#cosignings = this.#lanes(this.#toCosign, () => this.#cosigning, async (tenantId) => await cosignCheckpoints(tenantId, parts) > 0);
    this.#deliveries = this.#lanes(this.#toDeliver, () => this.#delivering, (tenantId) => deliverToSinks(tenantId, parts));
    this.#sealing = new Loop({ name: 'sequencer', idle_ms: IDLE_MS, busy_ms: 0, log: parts.log }, () => this.#seal());
    this.#signing = new Loop({ name: 'checkpoints', idle_ms: SIGNING_MS, busy_ms: SIGNING_MS, log: parts.log }, () => this.#sign());
    this.#indexing = new Loop({ name: 'audit search', idle_ms: INDEXING_MS, busy_ms: 0, log: parts.log }, () => this.#index());
    this.#cosigning = new Loop({ name: 'witnesses', idle_ms: TELLING_MS, busy_ms: TELLING_MS, log: parts.log }, () => this.#beside(this.#cosignings, this.#toCosign));
    this.#delivering = new Loop({ name: 'audit sinks', idle_ms: TELLING_MS, busy_ms: 0, log: parts.log }, () => this.#beside(this.#deliveries, this.#toDeliver));
  }

  start(): void {
    for (const loop of this.#loops()) loop.start();
  }

  /** Something of this tenant was committed: look now. */
  wake(tenantId: string | null): void {
    if (tenantId !== null) this.#toSeal.tell(tenantId);
    this.#sealing.wake();
  }

  /** Somebody waits for a checkpoint behind what the chain has now. */
  want(tenantId: string, chain: string): void {
    const wanted = this.#wanted.get(tenantId) ?? new Set();
    this.#wanted.set(tenantId, wanted.add(chain));
    this.#toSign.tell(tenantId);
    this.#signing.wake();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#loops().map((loop) => loop.stop()));
    await Promise.all([this.#cosignings.stop(), this.#deliveries.stop()]);
  }

  #loops(): Loop[] {
    return [this.#sealing, this.#signing, this.#indexing, this.#cosigning, this.#delivering];
  }

  async #seal(): Promise<boolean> {
    if (this.#gathersUntil_ms > performance.now()) await pause(this.#gathersUntil_ms - performance.now());
    let most = 0;
    const busy = await this.#forEach(await this.#toSeal.next(), async (tenantId) => {
      const sealed = await sealTenant(this.#parts.database, tenantId);
      most = Math.max(most, sealed);
      if (sealed > 0) [this.#toSeal, this.#toSign, this.#toIndex, this.#toDeliver].forEach((rounds) => rounds.tell(tenantId));
      return sealed > 0;
    });
    this.#gathersUntil_ms = busy && most < SEALED_AT_ONCE ? performance.now() + GATHER_MS : 0;
    this.#hasSealed ||= busy;
    return busy;
  }

  async #sign(): Promise<boolean> {
    return this.#forEach(await this.#toSign.next(), async (tenantId) => {
      const signed = await signCheckpoints(tenantId, this.#parts, this.#parts.pace, [...this.#wanted.get(tenantId) ?? []]);
      for (const chain of signed) this.#wanted.get(tenantId)?.delete(chain);
      if (signed.length > 0) this.#toCosign.tell(tenantId);
      return signed.length > 0;
    });
  }

  async #index(): Promise<boolean> {
    const mayWait = this.#hasSealed && (this.#yielded += 1) <= MOST_YIELDED;
    this.#hasSealed = false;
    if (mayWait) return false;
    this.#yielded = 0;
    return this.#forEach(await this.#toIndex.next(), async (tenantId) => {
      const indexed = await indexTenant(this.#parts.database, tenantId);
      if (indexed) this.#toIndex.tell(tenantId);
      return indexed;
    });
  }

  /** What waits for machines that tenants name is begun, not waited for. */
  async #beside(lanes: TenantLanes, rounds: TenantRounds): Promise<boolean> {
    lanes.begin(await rounds.next());
    return false;
  }

  #lanes(rounds: TenantRounds, loop: () => Loop, work: (tenantId: string) => Promise<boolean>): TenantLanes {
    return new TenantLanes({ work, log: this.#parts.log, again: (tenantId, when) => {
      rounds.tell(tenantId);
      if (when === 'now') loop().wake();
    } });
  }

  /** The trouble of one tenant is not the others'. */
  async #forEach(tenantIds: readonly string[], work: (tenantId: string) => Promise<boolean>): Promise<boolean> {
    let busy = false;
    for (const tenantId of tenantIds) {
      try {
        busy = await work(tenantId) || busy;
      } catch (error) {
        this.#parts.log.error({ err: error, tenant_id: tenantId }, 'work on the audit of a tenant failed; the others go on');
      }
    }
    return busy;
  }
}

/** Seals one batch of the tenant's events, of all its chains. Gives how many were sealed. */
export function sealTenant(database: Database, tenantId: string): Promise<number> {
  return database.forTenant(tenantId, (tx) => sealPending(tx, tenantId));
}
