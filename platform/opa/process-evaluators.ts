import { createEvaluatorPool } from './pool/evaluator-pool.ts';
import type { EvaluatorPool } from './pool/evaluator-pool.ts';

let pool: EvaluatorPool | undefined;

/**
 * The evaluators of this process, for decision points that were given none: started with the first of them, and never closed, as its
 * threads keep no process alive.
 */
export function processEvaluators(): EvaluatorPool {
  pool ??= createEvaluatorPool();
  return pool;
}
