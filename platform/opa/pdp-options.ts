import type { Clock } from '../clock/clock.ts';
import type { BundleSource, HighestSeq } from './bundle-source.ts';
import type { VerificationKeys } from './bundle/keys.ts';
import type { EvaluatorPool } from './pool/evaluator-pool.ts';
import type { PdpEvent } from './pdp-status.ts';

export interface PdpOptions {
  /** Tenant id. Inputs of any other tenant are denied. */
  readonly tenant: string;
  readonly scope: string;
  readonly source: BundleSource;
  /** Now, or on every refresh where keys rotate. */
  readonly keys: VerificationKeys | (() => Promise<VerificationKeys>);
  readonly clock: Clock;
  /** Between two refreshes, give or take a tenth. */
  readonly refresh_ms: number;
  /** How long a bundle decides after a refresh last confirmed it. */
  readonly ttl_ms: number;
  /** For one evaluation. */
  readonly deadline_ms: number;
  /** Default: those that all decision points of the process share. */
  readonly evaluators?: EvaluatorPool;
  readonly highestSeq: HighestSeq;
  readonly onEvent?: (event: PdpEvent) => void;
}
