import { canonicalText } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Obligations, Outcome, PolicyInput, Verdict } from '@countersign/contracts/policy/decision.ts';

/** What a decision asks of people: how many votes, and in which tier. */
export interface Asked {
  readonly votes: number;
  readonly tier: string | null;
}

export interface Comparison {
  readonly outcomeChanged: boolean;
  /** The same outcome with other obligations, such as one more vote. */
  readonly obligationsChanged: boolean;
  readonly before: Asked;
  readonly after: Asked;
}

/**
 * A recorded decision beside what another policy says to the same question. An action that comes back with its approval in hand was asked
 * about before: its votes count as asked in what was recorded, and in what would have been unless that denies or asks for others.
 */
export function compare(recorded: Pick<Verdict, 'outcome' | 'obligations'>, now: Pick<Verdict, 'outcome' | 'obligations'>, input: Pick<PolicyInput, 'action' | 'approvals'>): Comparison {
  const inHand = approvalInHand(input);
  const outcomeChanged = recorded.outcome !== now.outcome;
  return {
    outcomeChanged,
    obligationsChanged: !outcomeChanged && canonicalText(recorded.obligations) !== canonicalText(now.obligations),
    before: asked(recorded.outcome, recorded.obligations) ?? inHand,
    after: asked(now.outcome, now.obligations) ?? (now.outcome === 'DENY' ? NOBODY : inHand),
  };
}

const NOBODY: Asked = { votes: 0, tier: null };

function asked(outcome: Outcome, { required_votes, tier }: Obligations): Asked | null {
  return outcome === 'REQUIRE_HITL' || outcome === 'REQUIRE_STEP_UP' ? { votes: required_votes ?? 1, tier: tier ?? null } : null;
}

/** Of approvals of exactly this action: the one that most people voted for. */
function approvalInHand({ action, approvals }: Pick<PolicyInput, 'action' | 'approvals'>): Asked {
  return approvals.filter((approval) => approval.action_digest === action.digest).reduce<Asked>((most, { votes, tier }) => {
    const given = votes.filter((vote) => vote.decision === 'approve').length;
    return given > most.votes ? { votes: given, tier } : most;
  }, NOBODY);
}
