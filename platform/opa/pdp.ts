import { DECISION_ENTRYPOINT } from '@countersign/contracts/policy/decision.ts';
import type { DecidingBundle, Decision, FactSource, FailClosedRule, PolicyDecision, PolicyFacts, PolicyInput, Verdict } from '@countersign/contracts/policy/decision.ts';
import { canonicalText, digestOf, digestOfBytes } from '../canonical-json/canonicalize.ts';
import { CanonicalJsonError } from '../canonical-json/errors.ts';
import { createBundleHolder } from './bundle-holder.ts';
import type { BundleHolder, Held } from './bundle-holder.ts';
import { PdpError } from './errors.ts';
import { askedOnce, gatherFacts } from './facts.ts';
import type { PdpOptions } from './pdp-options.ts';
import type { PdpStatus } from './pdp-status.ts';
import { inputProblem, readDecision } from './validators.ts';

export interface DecideOptions {
  /** The time to judge the bundle's freshness by; now by default. */
  readonly at?: Date;
  /** Where to look up what the bundle's rules read beside the call. Without it a bundle that reads any denies, `facts_unavailable`. */
  readonly facts?: FactSource;
}

/** The policy decision point of one tenant and scope. */
export interface Pdp {
  /** Never rejects: whatever goes wrong is a DENY that says what. */
  decide(input: PolicyInput, options?: DecideOptions): Promise<PolicyDecision>;
  status(): PdpStatus;
  /** What is looked up for the rules of the bundle that decides now, by its name; empty where none decides. */
  reads(): readonly string[];
  /** Asks the source once. Never rejects: what went wrong is in status() and in an event. */
  refresh(): Promise<void>;
  /** Refreshes once, then on and on. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Decides calls by the newest signed bundle, and denies whenever it cannot be sure of it: no bundle, none valid, one not
 * confirmed within its TTL or past its expiry, a fact that is not to be had, an input or result that breaks the contract, an error, a
 * deadline exceeded.
 */
export function createPdp(options: PdpOptions): Pdp {
  const holder = createBundleHolder(options);
  return {
    decide: (input, { at = options.clock.now(), facts } = {}) => decide(options, holder, input, at, facts === undefined ? undefined : askedOnce(facts)),
    status: () => holder.status(),
    reads: () => readsOf(holder.current(options.clock.now())),
    refresh: () => holder.refresh(),
    start: () => holder.start(),
    stop: () => holder.stop(),
  };
}

async function decide({ tenant }: Pick<PdpOptions, 'tenant'>, holder: BundleHolder, call: PolicyInput, at: Date, source: FactSource | undefined): Promise<PolicyDecision> {
  const started = performance.now();
  const held = holder.current(at);
  // Most bundles read none, and their decisions wait for nothing.
  const reads = readsOf(held);
  const gathered = reads.length === 0 ? {} : await gatherFacts(reads, source);
  const facts = 'missing' in gathered ? {} : gathered;
  const canonical = canonicalInput(call, facts);
  const record = { ...recordOf(held, call, facts), input_digest: canonical.digest, ...('text' in canonical ? { input_text: canonical.text } : {}) };
  const done = (decision: Decision): PolicyDecision => ({ ...withoutShadow(decision, record.bundle), ...record, evaluated_us: Math.round((performance.now() - started) * 1000) });

  if ('problem' in canonical) return done(deny('input_invalid', canonical.problem));
  const problem = inputProblem(canonical.input);
  if (problem !== null) return done(deny('input_invalid', `The policy input breaks its contract: ${problem}`));
  if (call.tenant.id !== tenant) return done(deny('tenant_mismatch', 'The policy input is of another tenant'));
  if (!('policy' in held)) return done(deny(held.rule, held.message));
  if ('missing' in gathered) return done(deny('facts_unavailable', gathered.missing));
  try {
    const answer = readDecision(await held.policy.evaluator.evaluate(canonical.text));
    return done('decision' in answer ? answer.decision : deny('policy_error', answer.problem));
  } catch (error) {
    // A newer bundle took its place while facts were looked up.
    if (error instanceof PdpError && error.code === 'evaluator_closed' && isReplaced(held, holder.current(at))) return decide({ tenant }, holder, call, at, source);
    return done(denialFor(error));
  }
}

function isReplaced(held: Held, now: Held): boolean {
  return 'policy' in held && !('policy' in now && now.policy.evaluator === held.policy.evaluator);
}

function readsOf(held: Held): readonly string[] {
  return 'policy' in held ? held.policy.bundle.manifest.metadata.countersign.reads : [];
}

function recordOf(held: Held, call: PolicyInput, facts: Partial<PolicyFacts>): Pick<PolicyDecision, 'bundle' | 'path' | 'facts' | 'keep'> {
  if (!('policy' in held)) return { bundle: null, path: DECISION_ENTRYPOINT };
  const keep = held.policy.bundle.manifest.metadata.countersign.keep[`${call?.action?.connector}/${call?.action?.name}`];
  return { bundle: held.bundle, path: DECISION_ENTRYPOINT, ...(Object.keys(facts).length > 0 ? { facts } : {}), ...(keep === undefined ? {} : { keep }) };
}

function withoutShadow({ shadow, ...decision }: Decision, bundle: DecidingBundle | null): Pick<PolicyDecision, keyof Verdict | 'shadows'> {
  return { ...decision, shadows: shadow === undefined ? [] : [{ ...shadow, source: 'rules', bundle, differs: differs(decision, shadow) }] };
}

/** Reasons may be others where the same comes out. */
export function differs(binding: Verdict, shadow: Verdict): boolean {
  return binding.outcome !== shadow.outcome || canonicalText(binding.obligations) !== canonicalText(shadow.obligations);
}

/** The canonical text is both what is hashed for the record and what policy reads: they cannot differ. */
function canonicalInput(call: PolicyInput, facts: Partial<PolicyFacts>): { input: PolicyInput; text: string; digest: string } | { problem: string; digest: string } {
  try {
    const input = Object.keys(facts).length === 0 ? call : { ...call, ...facts };
    const text = canonicalText(input);
    return { input, text, digest: digestOfBytes(text) };
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

