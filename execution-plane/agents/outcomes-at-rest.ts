import type { OrderRefusal } from '@countersign/contracts/agent/refusals.ts';
import type { OutcomeBody } from '@countersign/contracts/agent/spool-entry.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Told } from './order-waits.ts';

/** An order's row, as far as it says how the order ended. */
export interface SettledRow {
  readonly id: string;
  readonly state: 'queued' | 'received' | 'ended' | 'refused' | 'expired';
  readonly refusal: string | null;
  readonly outcome_sealed: Uint8Array | null;
}

/** An outcome holds content: it is kept sealed, bound to its order. */
export function sealOutcome(keys: Keys, tenantId: string, body: OutcomeBody): Promise<Uint8Array> {
  return keys.seal(tenantId, 'content', body.order_id, Buffer.from(JSON.stringify(body)));
}

/** What was said of the order; null where nothing was, or it is not kept any more. */
export async function toldOf(keys: Keys, tenantId: string, { id, state, refusal, outcome_sealed }: SettledRow): Promise<Told | null> {
  if (state === 'refused') return { kind: 'refused', refusal: (refusal ?? 'order_malformed') as OrderRefusal };
  if (state !== 'ended' || outcome_sealed === null) return null;
  return { kind: 'outcome', body: JSON.parse(Buffer.from(await keys.unseal(tenantId, 'content', id, outcome_sealed)).toString('utf8')) as OutcomeBody };
}
