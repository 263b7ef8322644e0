import { DECISION_ENTRYPOINT } from '@countersign/contracts/policy/decision.ts';
import { canonicalText } from '../canonical-json/canonicalize.ts';
import { MAX_BUNDLE_BYTES } from './bundle/archive.ts';
import { BundleError } from './bundle/errors.ts';
import type { VerifiedBundle } from './bundle/verify.ts';
import type { Evaluator, EvaluatorPool } from './pool/evaluator-pool.ts';

/** A verified bundle with an evaluator that has proven itself. */
export interface ActivePolicy {
  readonly bundle: VerifiedBundle;
  readonly etag: string;
  readonly evaluator: Evaluator;
}

/** Nothing must be denied, whoever wrote the policy. */
const NOTHING = { input: '{}', outcome: 'DENY' };

/**
 * Loads a verified bundle beside what decides now and asks it questions whose answers are known, before it decides anything: nothing must
 * be denied, and every probe that the bundle brings must come out as it says. Throws BundleError or PdpError.
 */
export async function activate(bundle: VerifiedBundle, etag: string, deadline_ms: number, pool: EvaluatorPool): Promise<ActivePolicy> {
  const { wasm: modules, probes } = bundle.manifest.metadata.countersign;
  if (!modules.some(({ entrypoint }) => entrypoint === DECISION_ENTRYPOINT)) {
    throw new BundleError('bundle_malformed', `the bundle has no entrypoint ${DECISION_ENTRYPOINT}`);
  }
  const evaluator = await pool.open({
    wasm: bundle.wasm,
    data: canonicalText(bundle.data, MAX_BUNDLE_BYTES),
    entrypoint: DECISION_ENTRYPOINT,
    probes: [NOTHING, ...probes.map(({ input, outcome }) => ({ input: canonicalText(input), outcome }))],
    deadline_ms,
  });
  return { bundle, etag, evaluator };
}
