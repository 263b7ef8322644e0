import { compareUsd, sumOf } from './usd.ts';

/** The most that a call may cost, known before it is sent. */
export interface Estimate {
  /** Decimal string, nine places. */
  readonly amountUsd: string;
  /** What the call may use up and nobody has a price for, as `meter (model)`. With a budget, such a call is refused. */
  readonly unpriced: readonly string[];
}

/** `run`: of one run. `month`: of the workspace in a calendar month, UTC. */
export type BudgetKind = 'run' | 'month';

/** Amounts are decimal strings, in USD, as they were when the call was refused. */
export interface BudgetRefusal {
  readonly kind: BudgetKind;
  /** The run, or the month as `YYYY-MM`. */
  readonly period: string;
  readonly limitUsd: string;
  readonly spentUsd: string;
  /** What calls under way, or of unknown outcome, may still cost. */
  readonly reservedUsd: string;
  readonly estimateUsd: string;
}

/** A budget has no room for the estimate. */
export class BudgetExceededError extends Error {
  readonly refusal: BudgetRefusal;

  constructor(refusal: BudgetRefusal) {
    super(`The budget of the ${refusal.kind} ${refusal.period} has no room for ${refusal.estimateUsd} USD.`);
    this.name = 'BudgetExceededError';
    this.refusal = refusal;
  }
}

/** A budget exists, and nobody knows what the call would cost. */
export class PriceUnknownError extends Error {
  readonly meters: readonly string[];

  constructor(meters: readonly string[]) {
    super(`There is no price for ${meters.join(', ')}.`);
    this.name = 'PriceUnknownError';
    this.meters = meters;
  }
}

/** Whether only reservations stand in the way: they end with the calls that hold them, so trying again later can help. */
export function isPassing({ limitUsd, spentUsd, estimateUsd }: BudgetRefusal): boolean {
  return compareUsd(sumOf([spentUsd, estimateUsd]), limitUsd) <= 0;
}
