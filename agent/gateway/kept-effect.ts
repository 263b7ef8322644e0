import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import type { ExistingEffect, Intent } from '@countersign/connectors/gateway/ports.ts';
import { readStoredAction } from '@countersign/connectors/gateway/stored-action.ts';
import { OrderError } from '../orders/errors.ts';
import type { KeptCall } from '../spool/transaction.ts';
import type { RunningOrder } from './running-order.ts';

/** What the spool keeps of a call that may change something: enough to look it up in the system of record after a crash. */
export interface KeptEffect extends Pick<ExistingEffect, 'runId' | 'actionText' | 'actionDigest' | 'content' | 'risk' | 'target' | 'output' | 'receipt'> {
  readonly stepId: string;
}

export function recordOf({ run, step }: CallIdentity, { actionText, actionDigest, content, risk, action }: Intent): KeptEffect {
  return { runId: run.id, stepId: step.id, actionText, actionDigest, content, risk, target: action.target, output: null, receipt: null };
}

/** Null where it is known to have had no effect. */
export function effectOf({ call_id, state, intended_at, record }: KeptCall, now: Date): ExistingEffect | null {
  if (state === 'failed') return null;
  const { stepId: _, ...effect } = record as KeptEffect;
  return { ...effect, callId: call_id, ofThisCall: true, parametersDigest: null, state, intendedMsAgo: now.getTime() - Date.parse(intended_at) };
}

/**
 * The effect that an order asks about and that this agent has not carried out: its cell has written the intent, and reckons by itself from when on nothing can
 * be on its way any more.
 */
export function orderedEffect({ order, sealed }: RunningOrder): ExistingEffect {
  const stored = sealed.action_text === null || order.action_digest === null ? null : readStoredAction(sealed.action_text, order.action_digest);
  if (stored === null || order.call_id === null) throw new OrderError('call_unreadable', `The order ${order.id} does not say what to look for.`);
  return {
    callId: order.call_id, runId: stored.action.run_id, ofThisCall: true, parametersDigest: null, state: 'uncertain', intendedMsAgo: Number.POSITIVE_INFINITY,
    actionText: stored.text, content: sealed.content, actionDigest: stored.digest, risk: order.risk, target: sealed.target, output: null, receipt: null,
  };
}
