import type { FactSource, PolicyDecision, ShadowDecision } from '@countersign/contracts/policy/decision.ts';
import { differs } from '@countersign/platform/opa/pdp.ts';

/** Both are asked at the same moment; a shadow that is slower than the binding bundle by more than this is not waited for. */
const WAIT_MS = 50;

/** The binding decision with the one of a bundle in shadow mode beside it: recorded, and of no effect. What goes wrong with it is its answer. */
export async function withShadow(binding: Promise<PolicyDecision>, shadow: Promise<PolicyDecision>): Promise<PolicyDecision> {
  const decision = await binding;
  const beside = (await answeredWithin(shadow, WAIT_MS)) ?? LATE;
  return { ...decision, shadows: [...decision.shadows, besideDecision(decision, beside)] };
}

/** Both bundles decide by the same figures. */
export function lookedUpOnce(facts: FactSource): FactSource {
  let counters: ReturnType<FactSource['counters']> | undefined;
  let budget: ReturnType<FactSource['budget']> | undefined;
  return { counters: () => (counters ??= facts.counters()), budget: () => (budget ??= facts.budget()) };
}

type Beside = Pick<PolicyDecision, 'outcome' | 'reasons' | 'obligations' | 'bundle'>;

const LATE: Beside = {
  outcome: 'DENY', obligations: {}, bundle: null,
  reasons: [{ rule: 'policy_timeout', message: `The bundle in shadow mode gave no answer within ${WAIT_MS} ms of the binding one` }],
};

function besideDecision(decision: PolicyDecision, { outcome, reasons, obligations, bundle }: Beside): ShadowDecision {
  return { source: 'bundle', outcome, reasons, obligations, bundle, differs: differs(decision, { outcome, reasons, obligations }) };
}

async function answeredWithin<T>(work: Promise<T>, ms: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => { timer = setTimeout(() => resolve(null), ms); });
  const answer = await Promise.race([work, late]);
  clearTimeout(timer);
  return answer;
}
