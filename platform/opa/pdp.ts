import { DECISION_ENTRYPOINT } from '@countersign/contracts/policy/decision.ts';
import type { Decision, FailClosedRule, PolicyDecision, PolicyInput, Verdict } from '@countersign/contracts/policy/decision.ts';
import { canonicalText, digestOf, digestOfBytes } from '../canonical-json/canonicalize.ts';
import { CanonicalJsonError } from '../canonical-json/errors.ts';
import { createBundleHolder } from './bundle-holder.ts';
import type { BundleHolder } from './bundle-holder.ts';
import { PdpError } from './errors.ts';
import type { PdpOptions } from './pdp-options.ts';
import type { PdpStatus } from './pdp-status.ts';
import { inputProblem, readDecision } from './validators.ts';

/** The policy decision point of one tenant and scope. */
export interface Pdp {
  /** Never rejects: whatever goes wrong is a DENY that says what. `at` is the time to judge the bundle's freshness by. */
  decide(input: PolicyInput, at?: Date): Promise<PolicyDecision>;
  status(): PdpStatus;
  /** Asks the source once. Never rejects: what went wrong is in status() and in an event. */
  refresh(): Promise<void>;
  /** Refreshes once, then on and on. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Decides calls by the newest signed bundle, and denies whenever it cannot be sure of it: no bundle, none valid, one not
 * confirmed within its TTL or past its expiry, an input or result that breaks the contract, an error, a deadline exceeded.
 */
export function createPdp(options: PdpOptions): Pdp {
  const holder = createBundleHolder(options);
  return {
    decide: (input, at) => decide(options, holder, input, at ?? options.clock.now()),
    status: () => holder.status(),
    refresh: () => holder.refresh(),
    start: () => holder.start(),
    stop: () => holder.stop(),
  };
}

async function decide({ tenant }: PdpOptions, holder: BundleHolder, input: PolicyInput, at: Date): Promise<PolicyDecision> {
  const started = performance.now();
  const held = holder.current(at);
  const bundle = 'policy' in held ? held.bundle : null;
  const canonical = canonicalInput(input);
  const done = ({ shadow, ...decision }: Decision): PolicyDecision => ({
    ...decision,
    path: DECISION_ENTRYPOINT,
    shadows: shadow === undefined ? [] : [{ ...shadow, source: 'rules', bundle, differs: differs(decision, shadow) }],
    bundle,
    input_digest: canonical.digest,
    evaluated_us: Math.round((performance.now() - started) * 1000),
  });

  if ('problem' in canonical) return done(deny('input_invalid', canonical.problem));
  const problem = inputProblem(input);
  if (problem !== null) return done(deny('input_invalid', `The policy input breaks its contract: ${problem}`));
  if (input.tenant.id !== tenant) return done(deny('tenant_mismatch', 'The policy input is of another tenant'));
  if (!('policy' in held)) return done(deny(held.rule, held.message));
  try {
    const answer = readDecision(await held.policy.evaluator.evaluate(canonical.text));
    return done('decision' in answer ? answer.decision : deny('policy_error', answer.problem));
  } catch (error) {
    return done(denialFor(error));
  }
}

/** Reasons may be others where the same comes out. */
export function differs(binding: Verdict, shadow: Verdict): boolean {
  return binding.outcome !== shadow.outcome || canonicalText(binding.obligations) !== canonicalText(shadow.obligations);
}

/** The canonical text is both what is hashed for the record and what policy reads: they cannot differ. */
function canonicalInput(input: PolicyInput): { text: string; digest: string } | { problem: string; digest: string } {
  try {
    const text = canonicalText(input);
    return { text, digest: digestOfBytes(text) };
  } catch (error) {
    const where = error instanceof CanonicalJsonError ? error.message : 'it cannot be read';
    return { problem: `The policy input is not plain JSON: ${where}`, digest: digestOf(null) };
  }
}

function denialFor(error: unknown): Decision {
  if (error instanceof PdpError && error.code === 'evaluation_timeout') return deny('policy_timeout', `Policy took too long: ${error.message}`);
  return deny('policy_error', `Policy failed: ${error instanceof Error ? error.message : 'unknown failure'}`);
}

function deny(rule: FailClosedRule, message: string): Decision {
  return { outcome: 'DENY', reasons: [{ rule, message: message.slice(0, 1024) }], obligations: {} };
}

