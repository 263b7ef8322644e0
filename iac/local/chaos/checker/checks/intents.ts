import type { ApprovalRow, CallRow, DecisionRow, EffectLine, Evidence } from '../evidence.ts';
import type { Finding } from '../verdict.ts';
import { groupBy } from './lost.ts';

/** The peer's clock shows whole milliseconds. */
const CLOCK_MS = 1;
const DIGEST_HEAD = 12;

/**
 * Every effect has an intent that had been committed before the request arrived, with a decision that allows exactly this action, and an
 * approval used for it where the decision names one.
 */
export function findWithoutIntent({ effects, calls, decisions, approvals }: Evidence): Finding[] {
  const callsOf = groupBy(calls, (call) => `book/${call.action.replace(/^book\//, '')} ${call.run_id}/${headOf(call.action_digest)}`);
  const decisionOf = new Map(decisions.map((decision) => [decision.id, decision]));
  const approvalOf = new Map(approvals.map((approval) => [approval.id, approval]));
  return effects.flatMap((effect) => {
    const intents = callsOf.get(`book/${effect.action} ${effect.reference}`) ?? [];
    const problems = intents.map((call) => problemOf(effect, call, decisionOf.get(call.decision_id), approvalOf));
    if (problems.includes(null)) return [];
    return [{ check: 'no_intent', what: `Line ${effect.n} of the peer's journal (${effect.action} of ${effect.record}, ${effect.reference}) ${problems[0] ?? 'has no intent'}.` }];
  });
}

function problemOf(effect: EffectLine, call: CallRow, decision: DecisionRow | undefined, approvalOf: ReadonlyMap<string, ApprovalRow>): string | null {
  if (decision === undefined) return `has an intent (${call.id}) without a decision`;
  if (decision.outcome !== 'ALLOW') return `was decided as ${decision.outcome}`;
  if (decision.action_digest !== call.action_digest || decision.step_id !== call.step_id) return `has a decision (${decision.id}) about something else`;
  if (decision.committed_at_ms > effect.received_at_ms + CLOCK_MS) return `arrived ${Math.ceil(decision.committed_at_ms - effect.received_at_ms)} ms before its intent was committed`;
  if (decision.approval_id === null) return null;
  const approval = approvalOf.get(decision.approval_id);
  return approval?.state === 'consumed' && approval.action_digest === call.action_digest ? null : `was sent under an approval (${decision.approval_id}) that was not used for it`;
}

/** How an effect is named at the peer: its run and the head of the digest of its action. */
function headOf(digest: string): string {
  return digest.slice('sha256:'.length, 'sha256:'.length + DIGEST_HEAD);
}
