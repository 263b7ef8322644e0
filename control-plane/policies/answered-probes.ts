import { DECISION_ENTRYPOINT } from '@countersign/contracts/policy/decision.ts';
import { canonicalText } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { JsonValue } from '@countersign/platform/canonical-json/parse-strict.ts';
import { MAX_BUNDLE_BYTES } from '@countersign/platform/opa/bundle/archive.ts';
import type { Probe } from '@countersign/platform/opa/bundle/contents.ts';
import { PdpError } from '@countersign/platform/opa/errors.ts';
import { startEvaluator } from '@countersign/platform/opa/evaluator.ts';
import { readDecision } from '@countersign/platform/opa/validators.ts';

/** As in a worker: a policy that takes longer for a plain question denies everything there. */
const DEADLINE_MS = 1_000;

/**
 * Known questions with what this policy answers to them: what an instance that is loaded from the bundle must answer, too, before it decides.
 * A policy that has no answer, or none that fits the contract, would deny every such call: what is wrong is given instead.
 */
export async function answeredProbes(wasm: Uint8Array, data: JsonValue, questions: readonly Probe[]): Promise<{ readonly probes: Probe[] } | { readonly problem: string }> {
  try {
    const evaluator = await startEvaluator({ wasm, data: canonicalText(data, MAX_BUNDLE_BYTES), entrypoint: DECISION_ENTRYPOINT, deadline_ms: DEADLINE_MS });
    try {
      const probes: Probe[] = [];
      for (const { input } of questions) {
        const answer = readDecision(await evaluator.evaluate(canonicalText(input)));
        if (!('decision' in answer)) return { problem: answer.problem };
        probes.push({ input, outcome: answer.decision.outcome });
      }
      return { probes };
    } finally {
      await evaluator.close();
    }
  } catch (error) {
    if (!(error instanceof PdpError)) throw error;
    return { problem: error.message };
  }
}
