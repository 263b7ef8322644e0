/** One row of the instance's priority lookup. */
export interface PriorityRule {
  readonly impact: string;
  readonly urgency: string;
  readonly priority: string;
}

/** What the instance will compute, or null where no rule covers the pair (it then leaves the priority as it was). */
export function priorityOf(rules: readonly PriorityRule[], impact: string, urgency: string): string | null {
  return rules.find((rule) => rule.impact === impact && rule.urgency === urgency)?.priority ?? null;
}

/**
 * The impact and urgency to write so that the instance computes `priority`. Several pairs often give the same priority; the choice is
 * 1. the pair that is already there, 2. the one that moves impact and urgency least in sum, 3. the one that leaves impact alone,
 * because impact says how many are affected, which a wish for speed does not change, 4. the first in the instance's order.
 * Null where no rule gives this priority.
 */
export function pairFor(rules: readonly PriorityRule[], priority: string, current: { readonly impact: string; readonly urgency: string }): { impact: string; urgency: string } | null {
  const candidates = rules.filter((rule) => rule.priority === priority && priorityOf(rules, rule.impact, rule.urgency) === priority);
  const distance = (rule: PriorityRule): number => step(rule.impact, current.impact) + step(rule.urgency, current.urgency);
  const [best] = candidates
    .map((rule, order) => ({ rule, order, distance: distance(rule), impactMoves: rule.impact !== current.impact }))
    .sort((a, b) => a.distance - b.distance || Number(a.impactMoves) - Number(b.impactMoves) || a.order - b.order);
  return best === undefined ? null : { impact: best.rule.impact, urgency: best.rule.urgency };
}

/** Values are numbers on nearly every instance; where they are not, any change counts the same. */
function step(to: string, from: string): number {
  const difference = Math.abs(Number(to) - Number(from));
  return Number.isFinite(difference) ? difference : Number(to !== from);
}
