import { generateKeyPairSync } from 'node:crypto';
import { id, signingPair } from '@countersign/agent/orders/testing/orders.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { EncryptionJwk } from '@countersign/contracts/agent/protocol.ts';
import type { OrderRefusal } from '@countersign/contracts/agent/refusals.ts';
import type { OrderApproval, WorkOrder } from '@countersign/contracts/agent/work-order.ts';
import type { DsseEnvelope } from '@countersign/contracts/evidence/dsse.ts';
import { envelopeFor, orderIn, orderParts } from './ticket-orders.ts';
import type { Forgery, OrderParts, Ticket } from './ticket-orders.ts';

/** What an attack on one ticket has to work with. */
export interface Means {
  readonly ticket: Ticket;
  readonly recipient: EncryptionJwk;
  readonly now: Date;
  /** The order that an honest cell gave, and the agent carried out. */
  readonly good: { readonly parts: OrderParts; readonly envelope: DsseEnvelope };
}

/** An order that must not be carried out. Signed by the cell's own key unless it says otherwise. */
export interface OrderAttack {
  readonly name: string;
  readonly refusal: OrderRefusal;
  readonly order: (means: Means) => DsseEnvelope | Promise<DsseEnvelope>;
}

const OTHER_DIGEST = `sha256:${'9'.repeat(64)}`;
const ELSEWHERE = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }) as unknown as EncryptionJwk;
const MINUTE_MS = 60_000;

/** Another order for the same ticket, with what `forgery` makes of it. */
function forged(forgery: Forgery): OrderAttack['order'] {
  return ({ ticket, recipient, now }) => envelopeFor(orderParts(ticket, now), recipient, forgery);
}

function of(change: (order: WorkOrder) => Partial<WorkOrder>): OrderAttack['order'] {
  return forged({ parts: ({ order, sealed }) => ({ order: { ...order, ...change(order) }, sealed }) });
}

function approval(change: (approval: OrderApproval) => Partial<OrderApproval>): OrderAttack['order'] {
  return of(({ approval: given }) => ({ approval: { ...given!, ...change(given!) } }));
}

function issued(by_ms: number, for_ms: number): OrderAttack['order'] {
  return ({ ticket, recipient, now }) => {
    const at = new Date(now.getTime() + by_ms);
    const parts = orderParts(ticket, at);
    return envelopeFor({ ...parts, order: { ...parts.order, begin_before: new Date(at.getTime() + for_ms).toISOString() } }, recipient);
  };
}

/** The action of another text, which nobody approved: what was approved keeps its digest in the approval. */
function anotherAction({ ticket, now }: Means): OrderParts {
  return orderParts(ticket, now, 'Closed by somebody who may not.');
}

export const ORDER_ATTACKS: readonly OrderAttack[] = [
  { name: 'without a signature', refusal: 'order_malformed', order: async (means) => ({ ...await forged({})(means), signatures: [] }) },
  { name: 'with the signature of somebody else beside that of the cell', refusal: 'order_malformed', order: async (means) => {
    const [envelope, other] = [await forged({})(means), await forged({ signer: signingPair('wo-9') })(means)];
    return { ...envelope, signatures: [...other.signatures, ...envelope.signatures] };
  } },
  { name: 'signed by a key of nobody, under the name of the right one', refusal: 'order_signature_invalid', order: forged({ signer: signingPair('wo-1') }) },
  { name: 'signed by a key that the agent does not hold', refusal: 'order_signature_invalid', order: forged({ signer: signingPair('wo-9') }) },
  { name: 'changed on the way, with the signature as it was', refusal: 'order_signature_invalid', order: async (means) => {
    const envelope = await forged({})(means);
    return { ...envelope, payload: Buffer.from(Buffer.from(envelope.payload, 'base64').toString().replace('"attempt":1', '"attempt":2')).toString('base64') };
  } },
  { name: 'for another agent', refusal: 'order_for_another', order: of(({ audience }) => ({ audience: { ...audience, agent_id: newId('agent') } })) },
  { name: 'for another pool', refusal: 'order_for_another', order: of(({ audience }) => ({ audience: { ...audience, pool: 'dmz' } })) },
  { name: 'of another tenant', refusal: 'order_for_another', order: of(({ identity }) => ({ identity: { ...identity, tenant: { ...identity.tenant, id: newId('tenant') } } })) },
  { name: 'of another environment', refusal: 'order_for_another', order: of(({ identity }) => ({ identity: { ...identity, environment: { ...identity.environment, id: newId('environment') } } })) },
  { name: 'that was carried out, byte for byte', refusal: 'order_replayed', order: ({ good }) => good.envelope },
  { name: 'that is over', refusal: 'order_expired', order: issued(-2 * MINUTE_MS, MINUTE_MS) },
  { name: 'from the future', refusal: 'order_expired', order: issued(10 * MINUTE_MS, MINUTE_MS) },
  { name: 'that is good for a day', refusal: 'order_expired', order: issued(0, 24 * 60 * MINUTE_MS) },
  { name: 'of a worker that has lost the step', refusal: 'order_fence_stale', order: ({ good, ticket, recipient, now }) => {
    const parts = orderParts(ticket, now);
    return envelopeFor({ ...parts, order: { ...parts.order, identity: { ...parts.order.identity, step: { ...good.parts.order.identity.step, fence: '6' } } } }, recipient);
  } },
  { name: 'with other parameters in the place of those that were signed for', refusal: 'order_parameters_changed', order: async (means) => {
    const other = orderIn(await envelopeFor(anotherAction(means), means.recipient));
    return forged({ afterwards: (order) => ({ ...order, sealed: other.sealed }) })(means);
  } },
  { name: 'with parameters that are encrypted to another', refusal: 'order_parameters_changed', order: (means) => envelopeFor(orderParts(means.ticket, means.now), ELSEWHERE) },
  { name: 'with parameters that were changed after the approval, the digest kept', refusal: 'order_action_mismatch', order: (means) => {
    const other = anotherAction(means);
    return forged({ parts: ({ order, sealed }) => ({ order, sealed: { ...other.sealed, action_text: sealed.action_text } }) })(means);
  } },
  { name: 'with an action that was changed after the approval, the digest kept', refusal: 'order_action_mismatch', order: (means) => forged({ parts: ({ order }) => ({ order, sealed: anotherAction(means).sealed }) })(means) },
  { name: 'with an action that was changed after the approval, the digest with it', refusal: 'order_approval_mismatch', order: (means) => {
    const { order: approved } = orderParts(means.ticket, means.now);
    const other = anotherAction(means);
    return envelopeFor({ ...other, order: { ...other.order, approval: approved.approval } }, means.recipient);
  } },
  { name: 'with another target than people saw', refusal: 'order_action_mismatch', order: forged({ parts: ({ order, sealed }) => ({ order, sealed: { ...sealed, target: { ...sealed.target!, id: 'f'.repeat(32) } } }) }) },
  { name: 'of another step than it was approved for', refusal: 'order_action_mismatch', order: of(({ identity }) => ({ identity: { ...identity, step: { ...identity.step, key: 'other' } } })) },
  { name: 'with the approval of another action', refusal: 'order_approval_mismatch', order: approval(() => ({ action_digest: OTHER_DIGEST })) },
  { name: 'with a vote too few', refusal: 'order_approval_mismatch', order: approval(({ votes }) => ({ votes: votes.slice(1) })) },
  { name: 'with one voter twice', refusal: 'order_approval_mismatch', order: approval(({ votes: [first] }) => ({ votes: [first!, { ...first!, id: newId('vote') }] })) },
  { name: 'with the vote of who asked', refusal: 'order_approval_mismatch', order: approval(() => ({ requested_by: id('prn', '2') })) },
  { name: 'with a vote against', refusal: 'order_approval_mismatch', order: approval(({ votes: [first, second] }) => ({ votes: [first!, { ...second!, decision: 'reject' }] })) },
  { name: 'with an approval that was over', refusal: 'order_approval_mismatch', order: approval(() => ({ expires_at: '2026-01-01T00:00:00.000Z' })) },
  { name: 'that nobody approved, though policy asks for people', refusal: 'policy_denied_here', order: of(() => ({ approval: null })) },
  { name: 'for a system that the agent has no connection to', refusal: 'connection_unknown', order: of(({ instance }) => ({ instance: { ...instance, name: 'payroll' } })) },
  { name: 'by a package that nobody approved', refusal: 'package_changed', order: of(({ instance }) => ({ instance: { ...instance, package_digest: OTHER_DIGEST } })) },
  { name: 'that is decided by policy which the agent was never given', refusal: 'policy_behind', order: of(({ policy }) => ({ policy: { ...policy, seq: policy.seq + 1 } })) },
];

export const REPLAY_SIGNED_ANEW: OrderAttack = {
  name: 'under the name of one that was carried out', refusal: 'order_replayed',
  order: ({ good, ticket, now, recipient }) => {
    const { order, sealed } = orderParts(ticket, now);
    return envelopeFor({ order: { ...order, id: good.parts.order.id }, sealed }, recipient);
  },
};
