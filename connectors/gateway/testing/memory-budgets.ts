import { BudgetExceededError, PriceUnknownError } from '../budget.ts';
import type { BudgetKind, Estimate } from '../budget.ts';
import type { CallIdentity } from '../call-identity.ts';
import { compareUsd, differenceOf, isNearLimit, isZero, sumOf } from '../usd.ts';

export interface BudgetLimits {
  readonly run: string | null;
  readonly month: string | null;
}

export interface BudgetAccount {
  readonly spentUsd: string;
  readonly reservedUsd: string;
}

interface Account { spent: string; reserved: string; warnedLimit: string | null }

const KINDS: readonly BudgetKind[] = ['run', 'month'];

/** Budgets by the same rules as the database's. */
export class MemoryBudgets {
  /** What was audited. */
  readonly events: Array<{ readonly type: 'budget.warning' | 'budget.refused'; readonly kind: BudgetKind }> = [];
  readonly #limits = new Map<string, BudgetLimits>();
  readonly #accounts = new Map<string, Account>();
  /** Whether or not there was a limit. */
  readonly #spent = new Map<string, string>();
  readonly #held = new Map<string, Array<{ readonly key: string; readonly amount: string }>>();
  readonly #now: () => Date;

  constructor(now: () => Date) {
    this.#now = now;
  }

  setLimits(workspaceId: string, limits: BudgetLimits): void {
    this.#limits.set(workspaceId, limits);
  }

  account(call: CallIdentity, kind: BudgetKind): BudgetAccount | null {
    const account = this.#accounts.get(this.#key(call, kind));
    return account === undefined ? null : { spentUsd: account.spent, reservedUsd: account.reserved };
  }

  /** Checks that there is room in every budget, then reserves in all. @throws BudgetExceededError, PriceUnknownError */
  reserve(call: CallIdentity, callId: string, { amountUsd, unpriced }: Estimate): void {
    const limits = KINDS.filter((kind) => this.#limitOf(call, kind) !== null);
    if (limits.length > 0 && unpriced.length > 0) throw new PriceUnknownError(unpriced);
    if (isZero(amountUsd)) return;
    for (const kind of limits) this.#requireRoom(call, kind, amountUsd);
    for (const kind of limits) {
      const account = this.#open(call, kind);
      account.reserved = sumOf([account.reserved, amountUsd]);
      this.#held.set(callId, [...(this.#held.get(callId) ?? []), { key: this.#key(call, kind), amount: amountUsd }]);
      this.#warn(call, kind, account);
    }
  }

  settle(call: CallIdentity, callId: string, spent: string, isUncertain: boolean): void {
    if (!isUncertain) {
      for (const { key, amount } of this.#held.get(callId) ?? []) {
        const account = this.#accounts.get(key)!;
        account.reserved = differenceOf(account.reserved, amount);
      }
      this.#held.delete(callId);
    }
    if (isZero(spent)) return;
    for (const kind of KINDS) {
      const key = this.#key(call, kind);
      this.#spent.set(key, sumOf([this.#spent.get(key) ?? '0', spent]));
      if (this.#limitOf(call, kind) === null && this.account(call, kind) === null) continue;
      const account = this.#open(call, kind);
      account.spent = this.#spent.get(key)!;
      this.#warn(call, kind, account);
    }
  }

  #requireRoom(call: CallIdentity, kind: BudgetKind, amount: string): void {
    const { spent, reserved } = this.#accounts.get(this.#key(call, kind)) ?? { spent: this.#spent.get(this.#key(call, kind)) ?? '0.000000000', reserved: '0.000000000' };
    const limit = sumOf([this.#limitOf(call, kind)!]);
    if (compareUsd(sumOf([spent, reserved, amount]), limit) <= 0) return;
    if (compareUsd(sumOf([spent, amount]), limit) > 0) this.events.push({ type: 'budget.refused', kind });
    throw new BudgetExceededError({ kind, period: this.#period(call, kind), limitUsd: limit, spentUsd: spent, reservedUsd: reserved, estimateUsd: amount });
  }

  #warn(call: CallIdentity, kind: BudgetKind, account: Account): void {
    const limit = this.#limitOf(call, kind);
    if (limit === null || account.warnedLimit === limit || !isNearLimit(sumOf([account.spent, account.reserved]), limit)) return;
    account.warnedLimit = limit;
    this.events.push({ type: 'budget.warning', kind });
  }

  #limitOf(call: CallIdentity, kind: BudgetKind): string | null {
    return this.#limits.get(call.workspace.id)?.[kind] ?? null;
  }

  #open(call: CallIdentity, kind: BudgetKind): Account {
    const key = this.#key(call, kind);
    const account = this.#accounts.get(key) ?? { spent: this.#spent.get(key) ?? '0.000000000', reserved: '0.000000000', warnedLimit: null };
    this.#accounts.set(key, account);
    return account;
  }

  #key(call: CallIdentity, kind: BudgetKind): string {
    return `${call.workspace.id}/${kind}/${this.#period(call, kind)}`;
  }

  #period(call: CallIdentity, kind: BudgetKind): string {
    return kind === 'run' ? call.run.id : this.#now().toISOString().slice(0, 7);
  }
}
