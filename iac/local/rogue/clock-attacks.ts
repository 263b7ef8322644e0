import type { OrderRefusal } from '@countersign/contracts/agent/refusals.ts';
import type { DsseEnvelope } from '@countersign/contracts/evidence/dsse.ts';
import type { Means } from './order-attacks.ts';
import { envelopeFor, orderParts } from './ticket-orders.ts';

/** A cell that lies about the time, and an order that only its time lets through. */
export interface ClockAttack {
  readonly name: string;
  /** By how much its clock is off. */
  readonly off_ms: number;
  readonly refusal: OrderRefusal;
  readonly order: (means: Means) => Promise<DsseEnvelope>;
}

const MINUTE_MS = 60_000;

function issued(by_ms: number): ClockAttack['order'] {
  return ({ ticket, recipient, now }) => envelopeFor(orderParts(ticket, new Date(now.getTime() + by_ms)), recipient);
}

export const CLOCK_ATTACKS: readonly ClockAttack[] = [
  { name: 'an hour ahead, with an order of then', off_ms: 60 * MINUTE_MS, refusal: 'order_expired', order: issued(60 * MINUTE_MS) },
  { name: 'an hour ahead, with an order of now', off_ms: 60 * MINUTE_MS, refusal: 'clock_untrusted', order: issued(0) },
  { name: 'an hour behind, with an order that was over then', off_ms: -60 * MINUTE_MS, refusal: 'order_expired', order: issued(-60 * MINUTE_MS) },
  // So little is believed of a clock that is off; that it is later the agent knows from what was signed.
  { name: 'ten minutes behind, with an order that was over then', off_ms: -10 * MINUTE_MS, refusal: 'order_expired', order: issued(-10 * MINUTE_MS) },
];
