import { DECISION_ENTRYPOINT } from '@countersign/contracts/policy/decision.ts';
import type { Decision } from '@countersign/contracts/policy/decision.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { BundleFiles } from '@countersign/platform/opa/bundle/archive.ts';
import { DATA_FILE, WASM_FILE } from '@countersign/platform/opa/bundle/contents.ts';
import { BundleError } from '@countersign/platform/opa/bundle/errors.ts';
import { PdpError } from '@countersign/platform/opa/errors.ts';
import { startEvaluator } from '@countersign/platform/opa/evaluator.ts';
import type { Evaluator } from '@countersign/platform/opa/evaluator.ts';
import { readDecision } from '@countersign/platform/opa/validators.ts';

/** As long as the decision point of a worker gives a policy. */
const DEADLINE_MS = 1_000;
/** Each is a thread for as long as it takes. */
const MAX_AT_ONCE = 4;

/** Starts a policy in a thread of its own. Whoever starts it closes it. @throws PdpError, BundleError */
export function startPolicy(files: BundleFiles, deadline_ms: number): Promise<Evaluator> {
  const wasm = files.get(WASM_FILE);
  const data = files.get(DATA_FILE);
  if (wasm === undefined || data === undefined) throw new BundleError('bundle_malformed', `the bundle has no ${wasm === undefined ? WASM_FILE : DATA_FILE}`);
  return startEvaluator({ wasm, data: Buffer.from(data).toString('utf8'), entrypoint: DECISION_ENTRYPOINT, deadline_ms });
}

/** Asks policies single questions, each in a thread of its own that is gone afterwards: a policy that loops costs that thread and a second. */
export class Simulator {
  #running = 0;

  /** `input` is JSON text. @throws ApiError `simulations_busy`; `simulation_failed` where the policy gives no decision */
  async decide(files: BundleFiles, input: string): Promise<{ readonly decision: Decision; readonly evaluated_us: number }> {
    if (this.#running >= MAX_AT_ONCE) throw new ApiError('simulations_busy', `${MAX_AT_ONCE} simulations are under way.`, { retryAfter_s: 1 });
    this.#running += 1;
    try {
      return await ask(files, input);
    } catch (error) {
      if (error instanceof PdpError || error instanceof BundleError) throw new ApiError('simulation_failed', `${error.message} (${error.code}).`, { cause: error });
      throw error;
    } finally {
      this.#running -= 1;
    }
  }
}

async function ask(files: BundleFiles, input: string): Promise<{ decision: Decision; evaluated_us: number }> {
  const evaluator = await startPolicy(files, DEADLINE_MS);
  try {
    const started = performance.now();
    const answer = readDecision(await evaluator.evaluate(input));
    const evaluated_us = Math.round((performance.now() - started) * 1_000);
    if ('problem' in answer) throw new PdpError('evaluation_failed', answer.problem);
    return { decision: answer.decision, evaluated_us };
  } finally {
    await evaluator.close();
  }
}
