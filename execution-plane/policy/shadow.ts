import type { PolicyDecision, ShadowDecision } from '@countersign/contracts/policy/decision.ts';
import { differs } from '@countersign/platform/opa/pdp.ts';

/** Both are asked at the same moment; a shadow that is slower than the binding bundle by more than this is not waited for. */
const WAIT_MS = 50;

/** The binding decision with the one of a bundle in shadow mode beside it: recorded, and of no effect. What goes wrong with it is its answer. */
export async function withShadow(binding: Promise<PolicyDecision>, shadow: Promise<PolicyDecision>): Promise<PolicyDecision> {
  const settled: { answer?: PolicyDecision } = {};
  const asked = shadow.then((answer) => { settled.answer = answer; });
  const decision = await binding;
  if (settled.answer === undefined) await endsWithin(asked, WAIT_MS);
  const beside = settled.answer ?? { outcome: 'DENY' as const, reasons: [LATE], obligations: {}, bundle: null };
  return { ...decision, shadows: [...decision.shadows, besideDecision(decision, beside)] };
}

const LATE = { rule: 'policy_timeout', message: `The bundle in shadow mode gave no answer within ${WAIT_MS} ms of the binding one` };

function besideDecision(decision: PolicyDecision, { outcome, reasons, obligations, bundle }: Pick<PolicyDecision, 'outcome' | 'reasons' | 'obligations' | 'bundle'>): ShadowDecision {
  return { source: 'bundle', outcome, reasons, obligations, bundle, differs: differs(decision, { outcome, reasons, obligations }) };
}

async function endsWithin(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([work, new Promise<void>((resolve) => { timer = setTimeout(resolve, ms); })]);
  clearTimeout(timer);
}
