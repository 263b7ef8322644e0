import { isAtLeast, SIGN_IN_STRENGTHS } from '@countersign/contracts/policy/sign-in-strength.ts';
import type { Prepared } from '../sdk/connector.ts';
import type { Decided } from './ask-policy.ts';
import { CallEnded } from './call.ts';
import type { GatewayParts } from './parts.ts';
import type { Call, PlannedAction } from './call.ts';
import { denied, unmet } from './obligations/denied.ts';
import type { SignInAsked } from './ports.ts';
import { visiblePreview } from './visible-preview.ts';

/** Returns only when policy allows the call now; everything else is recorded and ends it. */
export async function honourDecision(parts: GatewayParts, decided: Decided): Promise<void> {
  const { call, decision } = decided;
  switch (decision.outcome) {
    case 'ALLOW': return;
    case 'REQUIRE_HITL': throw await askPeople(parts, decided, null);
    case 'REQUIRE_STEP_UP': throw await askForStepUp(parts, decided);
    case 'THROTTLE': throw await throttled(parts, decided);
    // What is not one of the above is a DENY, whatever it is called. A ROUTE has been followed before it could come here.
    default: throw await denied(parts, call, decision);
  }
}

/** Whatever policy says, nothing comes back at once. */
const MIN_RETRY_AFTER_MS = 1_000;

/** The step waits and uses up no attempt (`engine/step-end.ts`); policy is asked again when it comes back. */
async function throttled(parts: GatewayParts, { call, decision }: Decided): Promise<CallEnded> {
  await parts.store.commitDecision(call.request.identity, decision);
  const { rate, retry_after_ms: asked } = decision.obligations;
  const retryAfterMs = Math.max(MIN_RETRY_AFTER_MS, numberOf(asked, MIN_RETRY_AFTER_MS));
  const why = decision.reasons.map((reason) => reason.message).join('; ');
  const limit = rate === undefined ? '' : ` (${rate.count} per ${Math.ceil(rate.per_ms / 1_000)} s)`;
  return new CallEnded({ kind: 'failed', error: { code: 'policy_throttled', retryable: true, retryAfterMs, message: `Policy holds ${call.request.action} back${limit}: ${why}. It is tried again after ${Math.ceil(retryAfterMs / 1_000)} s.` } });
}

/** An unknown strength is one that nobody has, and an age that is no number none that anybody could keep to. */
async function askForStepUp(parts: GatewayParts, decided: Decided): Promise<CallEnded> {
  const { min_strength: minStrength, max_sign_in_age_ms: maxAgeMs } = decided.decision.obligations;
  if (minStrength === undefined || maxAgeMs === undefined || !isAtLeast(minStrength, minStrength)) {
    const known = SIGN_IN_STRENGTHS.join(', ');
    return denied(parts, decided.call, unmet(decided.decision, 'step_up_unknown', `Policy asks for a sign-in of ${minStrength ?? 'no strength'} at most ${maxAgeMs ?? 'unknown'} ms old; strengths are ${known}.`));
  }
  return askPeople(parts, decided, { minStrength, maxAgeMs });
}

async function askPeople(parts: GatewayParts, { call, plan, decision }: Decided, signIn: SignInAsked | null): Promise<CallEnded> {
  if (call.nested) return denied(parts, call, unmet(decision, 'people_not_available', `Policy wants people to see ${call.request.action}, which an action calls in its turn, and only a step can wait for people.`));
  const { tier, required_role: role, required_votes: votes, deadline_ms: deadline } = decision.obligations;
  const shown = visiblePreview(plan.prepared ?? unprepared(call, plan));
  const { approvalId } = await parts.store.commitApprovalRequest(call.request.identity, decision, {
    action: plan.action,
    actionDigest: plan.digest,
    content: plan.content,
    preview: shown.preview,
    target: shown.target,
    tier: typeof tier === 'string' ? tier : 'standard',
    requiredRole: typeof role === 'string' ? role : 'approver',
    requiredVotes: numberOf(votes, 1),
    signIn,
    expiresAt: new Date(parts.clock.now().getTime() + numberOf(deadline, 24 * 3_600_000)),
  });
  return new CallEnded({ kind: 'waiting_for_approval', approvalId });
}

/** A read or a model call that policy wants people to see: its parameters are what there is to show. */
function unprepared(call: Call, plan: PlannedAction): Pick<Prepared, 'preview' | 'target'> {
  return {
    target: { id: call.instance.id, label: call.instance.name, version: '' },
    preview: {
      title: call.manifest.title,
      fields: [],
      additions: Object.entries(plan.parameters).map(([label, value]) => ({ label, text: typeof value === 'string' ? value : JSON.stringify(value) })),
    },
  };
}

function numberOf(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}
