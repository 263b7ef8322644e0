import { hash } from 'node:crypto';
import type { OrderRefusal } from '@countersign/contracts/agent/refusals.ts';
import { ORDER_REFUSALS } from '@countersign/contracts/agent/refusals.ts';
import type { AgentKillSwitch } from '@countersign/contracts/agent/protocol.ts';
import type { WorkOrder } from '@countersign/contracts/agent/work-order.ts';
import { canonicalText } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Spool } from '../spool/spool.ts';
import type { SpoolTransaction } from '../spool/transaction.ts';
import { OrderRefusedError } from './errors.ts';
import { stopping } from './stopping.ts';
import { verifyOrder } from './verify-order.ts';
import type { OrderVerifier, VerifiedOrder } from './verify-order.ts';

export interface OrderIntake {
  readonly spool: Spool;
  readonly verifier: Omit<OrderVerifier, 'isKnown' | 'highestFence'>;
  /** Whether this machine's clock and the cell's are near enough to one another. */
  readonly isClockTrusted: () => boolean;
  readonly isDraining: () => boolean;
  /** As the cell last said. */
  readonly killSwitches: () => readonly AgentKillSwitch[];
  /** The newest bundle of a scope that this agent may decide by, after asking for a newer one where it is older than `seq`; null: none. */
  readonly policySeq: (scope: string, seq: number) => Promise<number | null>;
  /** The cell has signed something at this time. */
  readonly signedAt: (at: Date) => void;
  /** Envelopes whose refusal was told lately: whoever sends one again and again does not fill the spool with it. */
  readonly toldRefused: RecentDigests;
}

/** The last thousand. */
export class RecentDigests {
  readonly #digests = new Set<string>();

  has(digest: string): boolean {
    return this.#digests.has(digest);
  }

  add(digest: string): void {
    this.#digests.add(digest);
    if (this.#digests.size > 1_000) this.#digests.delete(this.#digests.keys().next().value!);
  }
}

/** What is kept of an order until it has ended, so that it is gone on with after a restart. */
export type KeptContent = Pick<VerifiedOrder, 'order' | 'sealed'>;

export type Intake =
  | { readonly kind: 'accepted'; readonly verified: VerifiedOrder }
  /** The cell has not heard yet that it is here, and gave it once more. */
  | { readonly kind: 'known'; readonly order_id: string }
  | { readonly kind: 'refused'; readonly order_id: string | null; readonly refusal: OrderRefusal; readonly alarm: boolean; readonly message: string };

/**
 * Takes an order, or says why not; either is on the disk before this resolves, so that an order is begun once and a refusal is told. What comes again
 * with the same bytes before the cell knew that it is here is the same order; afterwards it is a replay.
 *
 * @throws SpoolError nothing can be written, so nothing is taken
 */
export async function acceptOrder(intake: OrderIntake, envelope: unknown): Promise<Intake> {
  const { spool } = intake;
  const envelope_sha256 = hash('sha256', textOf(envelope), 'hex');
  try {
    const again = await givenAgain(spool, envelope, envelope_sha256);
    if (again !== undefined) return again;
    const isKnown = (id: string): Promise<boolean> => spool.commit((tx) => tx.order(id) !== undefined);
    const highestFence = (stepId: string): Promise<number> => spool.commit((tx) => tx.highestFence(stepId));
    const verified = await verifyOrder({ ...intake.verifier, isKnown, highestFence }, envelope);
    await requireReady(intake, verified.order);
    intake.signedAt(new Date(verified.order.issued_at));
    return await taken(spool, verified, envelope_sha256);
  } catch (error) {
    if (!(error instanceof OrderRefusedError)) throw error;
    return refused(intake, error, namesOf(envelope), envelope_sha256);
  }
}

/** One that the cell signed for this agent is refused for good: a copy of it that is still on its way is not taken when something has changed meanwhile. */
async function refused({ spool, toldRefused }: OrderIntake, { refusal, message, order }: OrderRefusedError, said: Names, envelope_sha256: string): Promise<Intake> {
  // What nobody is proven to have sent must not take the room of what has happened: the log has it.
  if (!toldRefused.has(envelope_sha256) && (order !== null || spool.room().open)) {
    await spool.commit((tx) => {
      if (order !== null && tx.order(order.id) === undefined) {
        takeRow(tx, order, envelope_sha256);
        tx.moveOrder(order.id, 'ended');
      }
      tx.append('order.refused', { ...said, refusal, envelope_sha256 });
    });
    toldRefused.add(envelope_sha256);
  }
  return { kind: 'refused', order_id: said.order_id, refusal, alarm: ORDER_REFUSALS[refusal].alarm, message };
}

/** By its bytes, and not by what it says of itself: only what was verified once is in the spool. */
function givenAgain(spool: Spool, envelope: unknown, envelope_sha256: string): Promise<Intake | undefined> {
  const { order_id } = namesOf(envelope);
  return spool.commit((tx) => {
    const known = order_id === null ? undefined : tx.order(order_id);
    return known !== undefined && known.envelope_sha256 === envelope_sha256 && !known.receipt_known ? { kind: 'known', order_id: known.id } as const : undefined;
  });
}

/** What this agent needs to carry it out, and whether people have stopped it meanwhile. */
async function requireReady({ spool, isClockTrusted, isDraining, killSwitches, policySeq }: OrderIntake, order: WorkOrder): Promise<void> {
  const { policy, situation } = order;
  const unready = (refusal: OrderRefusal, detail: string): OrderRefusedError => new OrderRefusedError(refusal, detail, order);
  if (!isClockTrusted()) throw unready('clock_untrusted', 'Set the clock of this machine, then it takes orders again.');
  if (isDraining()) throw unready('draining', 'It ends what it has.');
  const [stopped] = [...situation.kill_switches, ...stopping(order, killSwitches())];
  if (stopped !== undefined) throw unready('stopped_by_kill_switch', `${stopped.id} of the ${stopped.scope} is set.`);
  const held = await policySeq(policy.scope, policy.seq);
  if (held === null || held < policy.seq) throw unready('policy_behind', `The cell decided by ${policy.seq}, and here is ${held ?? 'none'}.`);
  if (!spool.room().open) throw unready('spool_full', 'What is there has to be delivered first.');
}

async function taken(spool: Spool, verified: VerifiedOrder, envelope_sha256: string): Promise<Intake> {
  const { order, sealed } = verified;
  const { step } = order.identity;
  const intake = await spool.commit((tx): Intake | 'outrun' => {
    // Orders are looked at side by side: this one may have been taken meanwhile, or one of a newer holder of its step.
    if (tx.order(order.id) !== undefined) return { kind: 'known', order_id: order.id };
    if (tx.highestFence(step.id) > Number(step.fence)) return 'outrun';
    takeRow(tx, order, envelope_sha256);
    tx.keepContent(order.id, { order, sealed } satisfies KeptContent);
    tx.append('order.accepted', { order_id: order.id, kind: order.kind });
    return { kind: 'accepted', verified };
  });
  if (intake === 'outrun') throw new OrderRefusedError('order_fence_stale', `Step ${step.id} has another holder since.`, order);
  return intake;
}

function takeRow(tx: SpoolTransaction, { id, identity: { step }, begin_before }: WorkOrder, envelope_sha256: string): void {
  tx.takeOrder({ id, step_id: step.id, fence: Number(step.fence), envelope_sha256, begin_before });
}

interface Names {
  readonly order_id: string | null;
  readonly kid: string | null;
}

/** What an envelope says of itself, unproven: good for looking it up and for telling people which one it was. */
function namesOf(envelope: unknown): Names {
  const { payload, signatures } = (typeof envelope === 'object' && envelope !== null ? envelope : {}) as { payload?: unknown; signatures?: unknown };
  const kid = (Array.isArray(signatures) ? signatures[0] as { keyid?: unknown } | undefined : undefined)?.keyid;
  return { order_id: orderIdIn(payload), kid: typeof kid === 'string' ? kid.slice(0, 100) : null };
}

function orderIdIn(payload: unknown): string | null {
  if (typeof payload !== 'string') return null;
  const id = /"id":"(ord_[0-7][0-9a-hjkmnp-tv-z]{25})"/.exec(Buffer.from(payload, 'base64').toString('latin1'))?.[1];
  return id ?? null;
}

/** What cannot be said canonically has no name but is refused like everything that is no envelope. */
function textOf(envelope: unknown): string {
  try {
    return canonicalText(envelope, 8 * 1024 * 1024);
  } catch {
    return 'no canonical text';
  }
}
