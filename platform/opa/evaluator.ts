import { createEvaluatorPool } from './pool/evaluator-pool.ts';
import type { Evaluator, EvaluatorPool } from './pool/evaluator-pool.ts';
import type { ProgramSource } from './pool/program.ts';

export type { Evaluator } from './pool/evaluator-pool.ts';

export interface EvaluatorOptions extends Omit<ProgramSource, 'probes'> {
  /** For one evaluation, from when the thread turns to it. */
  readonly deadline_ms: number;
}

/**
 * Starts a thread for one policy and nobody else's, as for trying out what nobody has published yet: with the policy goes the thread.
 * What decides for a process shares its pool instead. Throws PdpError where the policy cannot be loaded at all.
 */
export async function startEvaluator(options: EvaluatorOptions): Promise<Evaluator> {
  const pool = createEvaluatorPool({ threads: 1, stall_ms: Number.POSITIVE_INFINITY, isolated_threads: 0 });
  try {
    return new OwnThreadEvaluator(pool, await pool.open({ ...options, probes: [] }));
  } catch (error) {
    await pool.close();
    throw error;
  }
}

class OwnThreadEvaluator implements Evaluator {
  readonly #pool: EvaluatorPool;
  readonly #evaluator: Evaluator;
  #open = 0;
  #isRetired = false;

  constructor(pool: EvaluatorPool, evaluator: Evaluator) {
    this.#pool = pool;
    this.#evaluator = evaluator;
  }

  async evaluate(input: string): Promise<unknown> {
    this.#open += 1;
    try {
      return await this.#evaluator.evaluate(input);
    } finally {
      this.#open -= 1;
      this.#closeIfDone();
    }
  }

  retire(): void {
    this.#isRetired = true;
    this.#evaluator.retire();
    this.#closeIfDone();
  }

  async close(): Promise<void> {
    await this.#evaluator.close();
    await this.#pool.close();
  }

  #closeIfDone(): void {
    if (this.#isRetired && this.#open === 0) void this.#pool.close();
  }
}
