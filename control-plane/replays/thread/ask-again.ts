import type { Decision, PolicyInput } from '@countersign/contracts/policy/decision.ts';
import { canonicalText } from '@countersign/platform/canonical-json/canonicalize.ts';
import { KeysError } from '@countersign/platform/keys/keys.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import { PdpError } from '@countersign/platform/opa/errors.ts';
import type { Evaluator } from '@countersign/platform/opa/evaluator.ts';
import { inputProblem, readDecision } from '@countersign/platform/opa/validators.ts';
import { isOfDecisionPoint } from '../../decisions/explain.ts';
import { compare } from '../comparison.ts';
import type { AllowedCalls } from './allowed-calls.ts';
import type { CountName } from './counts.ts';
import type { Change, RecordedDecision } from './repository-progress.ts';

/** Who is asked: a policy that runs, the facts that it cannot do without, and the rules that its sources name. */
export interface AskedPolicy {
  readonly evaluator: Evaluator;
  readonly facts: readonly string[];
  readonly isOfPolicy: (rule: string) => boolean;
  /** Where it reads counters: what was allowed before, so that they can be counted for decisions that were made without. */
  readonly allowed: AllowedCalls | null;
}

/** What became of one recorded decision: what it counts as, and the change if there is one. */
export interface Replayed {
  readonly counts: readonly CountName[];
  readonly change: Change | null;
}

/** A rule whose name is not in the policy's sources was made from what policy was asked, which is nobody's to read. */
const UNNAMED = '(not named in the policy)';

/**
 * Puts the question of every recorded decision to another policy. What is sealed is opened here and nowhere kept. While one question is
 * prepared the policy's thread is at those before it.
 */
export async function askAgain(rows: readonly RecordedDecision[], policy: AskedPolicy, keys: Keys, tenantId: string): Promise<Replayed[]> {
  const answers: Array<Promise<Replayed>> = [];
  for (const row of rows) {
    const question = await questionOf(row, policy, keys, tenantId);
    if (row.outcome === 'ALLOW') policy.allowed?.add(row);
    answers.push('skipped' in question ? Promise.resolve({ counts: [question.skipped], change: null }) : replayed(row, question, policy));
  }
  return Promise.all(answers);
}

type Question = { readonly skipped: CountName } | { readonly text: string; readonly input: PolicyInput };

async function questionOf(row: RecordedDecision, policy: AskedPolicy, keys: Keys, tenantId: string): Promise<Question> {
  if (row.input_sealed === null) return { skipped: row.is_shredded ? 'shredded' : 'not_kept' };
  // Also where policy did speak and the gateway could not do what it obliged to: what came of it is not what policy said.
  if (row.reasons.some((reason) => isOfDecisionPoint(reason.rule))) return { skipped: 'not_by_policy' };
  const text = await opened(row.id, row.input_sealed, keys, tenantId);
  if (text === null) return { skipped: 'not_kept' };
  const input = JSON.parse(text) as PolicyInput;
  if (inputProblem(input) !== null) return { skipped: 'input_outdated' };
  const { allowed } = policy;
  const isCounted = allowed !== null && !('counters' in input);
  const whole = isCounted ? { ...input, counters: allowed.countersOf(row) } : input;
  return policy.facts.every((fact) => fact in whole) ? { text: isCounted ? canonicalText(whole) : text, input: whole } : { skipped: 'facts_missing' };
}

/** null where it cannot be opened: one that was damaged must not keep all others from being replayed. */
async function opened(id: string, sealed: Uint8Array, keys: Keys, tenantId: string): Promise<string | null> {
  try {
    return Buffer.from(await keys.unseal(tenantId, 'content', id, sealed)).toString('utf8');
  } catch (error) {
    if (error instanceof KeysError && error.code === 'unseal_failed') return null;
    throw error;
  }
}

async function replayed(row: RecordedDecision, { text, input }: { readonly text: string; readonly input: PolicyInput }, policy: AskedPolicy): Promise<Replayed> {
  const decision = await decide(policy.evaluator, text);
  const now = 'decision' in decision ? decision.decision : { outcome: 'DENY' as const, reasons: [{ rule: decision.rule }], obligations: {} };
  const { outcomeChanged, obligationsChanged, before, after } = compare(row, now, input);
  const [rule = UNNAMED] = now.reasons.map((reason) => reason.rule);
  const change = outcomeChanged || before.votes !== after.votes ? {
    decision_id: row.id, run_id: row.run_id, action_digest: row.action_digest, action: row.action, workflow: row.workflow, from_outcome: row.outcome, to_outcome: now.outcome,
    to_rule: isOfDecisionPoint(rule) || policy.isOfPolicy(rule) ? rule : UNNAMED,
    from_tier: before.tier, to_tier: after.tier === null || policy.isOfPolicy(after.tier) ? after.tier : UNNAMED, from_votes: before.votes, to_votes: after.votes,
  } : null;
  if ('rule' in decision) return { counts: ['failed'], change };
  return { counts: countsOf(row, now, outcomeChanged, obligationsChanged), change };
}

function countsOf(row: RecordedDecision, now: Pick<Decision, 'outcome'>, outcomeChanged: boolean, obligationsChanged: boolean): CountName[] {
  const counts: CountName[] = ['replayed'];
  if (outcomeChanged) counts.push('changed');
  if (obligationsChanged) counts.push('changed_obligations');
  if (outcomeChanged && now.outcome === 'DENY') counts.push('newly_denied');
  if (outcomeChanged && row.outcome === 'DENY') counts.push('no_longer_denied');
  return counts;
}

/** A policy that gives no decision would have the decision point deny. */
async function decide(evaluator: Evaluator, text: string): Promise<{ decision: Decision } | { rule: 'policy_timeout' | 'policy_error' }> {
  try {
    const answer = readDecision(await evaluator.evaluate(text));
    return 'decision' in answer ? answer : { rule: 'policy_error' };
  } catch (error) {
    if (error instanceof PdpError) return { rule: error.code === 'evaluation_timeout' ? 'policy_timeout' : 'policy_error' };
    throw error;
  }
}
