import { DECISION_ENTRYPOINT } from '@countersign/contracts/policy/decision.ts';
import { canonicalText } from '../canonical-json/canonicalize.ts';
import { MAX_BUNDLE_BYTES } from './bundle/archive.ts';
import { BundleError } from './bundle/errors.ts';
import type { VerifiedBundle } from './bundle/verify.ts';
import { PdpError } from './errors.ts';
import { startEvaluator } from './evaluator.ts';
import type { Evaluator } from './evaluator.ts';
import { readDecision } from './validators.ts';

/** A verified bundle with an instance that has proven itself. */
export interface ActivePolicy {
  readonly bundle: VerifiedBundle;
  readonly etag: string;
  readonly evaluator: Evaluator;
}

/**
 * Loads a verified bundle into an instance of its own and asks it questions whose answers are known, before it decides anything:
 * nothing must be denied, and every probe that the bundle brings must come out as it says.
 * Throws BundleError or PdpError; the instance is closed then.
 */
export async function activate(bundle: VerifiedBundle, etag: string, deadline_ms: number): Promise<ActivePolicy> {
  const { wasm: modules, probes } = bundle.manifest.metadata.countersign;
  if (!modules.some(({ entrypoint }) => entrypoint === DECISION_ENTRYPOINT)) {
    throw new BundleError('bundle_malformed', `the bundle has no entrypoint ${DECISION_ENTRYPOINT}`);
  }
  const data = canonicalText(bundle.data, MAX_BUNDLE_BYTES);
  const evaluator = await startEvaluator({ wasm: bundle.wasm, data, entrypoint: DECISION_ENTRYPOINT, deadline_ms });
  try {
    for (const { input, outcome } of [{ input: {}, outcome: 'DENY' }, ...probes]) {
      const answer = readDecision(await evaluator.evaluate(canonicalText(input)));
      const given = 'decision' in answer ? answer.decision.outcome : answer.problem;
      if (given !== outcome) throw new PdpError('probe_failed', `a known question was answered with ${given} instead of ${outcome}`);
    }
    return { bundle, etag, evaluator };
  } catch (error) {
    await evaluator.close();
    throw error;
  }
}
