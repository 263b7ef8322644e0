import type { Decision } from '@countersign/contracts/policy/decision.ts';
import { DECISION_ENTRYPOINT } from '@countersign/contracts/policy/decision.ts';
import { startEvaluator } from '@countersign/platform/opa/evaluator.ts';
import { readDecision } from '@countersign/platform/opa/validators.ts';

/** Policy as our decision points run it: compiled, in a thread of its own, each answer held to its contract. */
export interface OurPolicy {
  /** Throws where the answer breaks its contract: for a decision point that is a DENY, for a test a mistake of the policy. */
  decide(input: unknown): Promise<Decision>;
  close(): Promise<void>;
}

const DEADLINE_MS = 5_000;

/** `config` is what the policy finds at `data.countersign.config`. */
export async function startOurPolicy(wasm: Uint8Array, config: unknown = {}): Promise<OurPolicy> {
  const data = JSON.stringify({ countersign: { config } });
  const evaluator = await startEvaluator({ wasm, data, entrypoint: DECISION_ENTRYPOINT, deadline_ms: DEADLINE_MS });
  return {
    decide: async (input) => {
      const read = readDecision(await evaluator.evaluate(JSON.stringify(input)));
      if ('problem' in read) throw new Error(read.problem);
      return read.decision;
    },
    close: () => evaluator.close(),
  };
}
