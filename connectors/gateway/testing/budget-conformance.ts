import { describe, expect, test } from 'vitest';
import { BudgetExceededError, PriceUnknownError } from '../budget.ts';
import type { CallIdentity } from '../call-identity.ts';
import type { Outcome } from '../ports.ts';
import type { PricedUsage } from '../pricing.ts';
import type { BudgetHarness } from './store-harness.ts';
import { actionOf, decisionOf, failed, intentOf, SUCCEEDED } from './store-records.ts';

const usd = (text: string): string => `${text}000000000`.replace(/^(\d+\.\d{9}).*$/, '$1');
const ZERO = usd('0.');

/** What holds of budgets: reserved with the intent, settled with the outcome, never overspent. */
export function budgetConformance(name: string, makeHarness: () => Promise<BudgetHarness>): void {
  const intend = async ({ store, instanceId }: BudgetHarness, call: CallIdentity, amount: string, unpriced: readonly string[] = []): Promise<string> => {
    const action = actionOf(instanceId, call);
    const intent = intentOf(action, null, { risk: 'model', estimate: { amountUsd: amount, unpriced } });
    return (await store.commitIntent(call, decisionOf(instanceId, action, 'ALLOW'), intent)).callId;
  };
  const both = async (harness: BudgetHarness, call: CallIdentity) => [await harness.account(call, 'run'), await harness.account(call, 'month')];

  describe(`budgets: ${name}`, () => {
    test('what is reserved is given back when it is settled, and what it cost is spent', async () => {
      const harness = await makeHarness();
      const call = await harness.leasedCallIn(await harness.budgetedWorkspace({ run: '1', month: '10' }));
      const callId = await intend(harness, call, usd('0.5'));
      expect(await both(harness, call)).toEqual([{ spentUsd: ZERO, reservedUsd: usd('0.5') }, { spentUsd: ZERO, reservedUsd: usd('0.5') }]);
      await harness.store.commitOutcome(call, callId, succeededFor('0.123456789'));
      expect(await both(harness, call)).toEqual([{ spentUsd: usd('0.123456789'), reservedUsd: ZERO }, { spentUsd: usd('0.123456789'), reservedUsd: ZERO }]);
    });

    test('a failed call gives everything back, but what it cost all the same', async () => {
      const harness = await makeHarness();
      const call = await harness.leasedCallIn(await harness.budgetedWorkspace({ run: '1', month: null }));
      await harness.store.commitOutcome(call, await intend(harness, call, usd('0.5')), failed('failed'));
      expect(await both(harness, call)).toEqual([{ spentUsd: ZERO, reservedUsd: ZERO }, null]);
      await harness.store.commitOutcome(call, await intend(harness, call, usd('0.5')), { ...failed('failed'), costs: [line('0.2')] });
      expect(await harness.account(call, 'run')).toEqual({ spentUsd: usd('0.2'), reservedUsd: ZERO });
    });

    test('while an outcome is uncertain the reservation stands', async () => {
      const harness = await makeHarness();
      const call = await harness.leasedCallIn(await harness.budgetedWorkspace({ run: '1', month: '10' }));
      const callId = await intend(harness, call, usd('0.5'));
      await harness.store.commitOutcome(call, callId, failed('uncertain'));
      expect(await harness.account(call, 'month')).toEqual({ spentUsd: ZERO, reservedUsd: usd('0.5') });
      await harness.store.commitOutcome(call, callId, succeededFor('0.4'));
      expect(await harness.account(call, 'month')).toEqual({ spentUsd: usd('0.4'), reservedUsd: ZERO });
    });

    test('a call that has no room is refused with the figures, and reserves nothing', async () => {
      const harness = await makeHarness();
      const call = await harness.leasedCallIn(await harness.budgetedWorkspace({ run: '1', month: '10' }));
      await harness.store.commitOutcome(call, await intend(harness, call, usd('0.75')), succeededFor('0.75'));
      const refused = await intend(harness, call, usd('0.250000001')).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(BudgetExceededError);
      expect((refused as BudgetExceededError).refusal).toEqual({ kind: 'run', period: call.run.id, limitUsd: usd('1.'), spentUsd: usd('0.75'), reservedUsd: ZERO, estimateUsd: usd('0.250000001') });
      expect(await both(harness, call)).toEqual([{ spentUsd: usd('0.75'), reservedUsd: ZERO }, { spentUsd: usd('0.75'), reservedUsd: ZERO }]);
      await expect(intend(harness, call, usd('0.25'))).resolves.toBeTruthy();
    });

    test('the first call of all is refused when it alone is too much', async () => {
      const harness = await makeHarness();
      const call = await harness.leasedCallIn(await harness.budgetedWorkspace({ run: null, month: '0.1' }));
      await expect(intend(harness, call, usd('0.2'))).rejects.toThrow(BudgetExceededError);
      expect(await harness.account(call, 'month')).toBeNull();
    });

    test('the month is of the whole workspace, the run of one run only', async () => {
      const harness = await makeHarness();
      const workspace = await harness.budgetedWorkspace({ run: '0.6', month: '1' });
      const first = await harness.leasedCallIn(workspace);
      await intend(harness, first, usd('0.6'));
      await expect(intend(harness, await harness.leasedCallIn(workspace, first), usd('0.1'))).rejects.toThrow(/budget of the run/);
      const second = await harness.leasedCallIn(workspace);
      await intend(harness, second, usd('0.4'));
      await expect(intend(harness, await harness.leasedCallIn(workspace), usd('0.1'))).rejects.toThrow(/budget of the month/);
    });

    test('a raised limit lets the next call go on', async () => {
      const harness = await makeHarness();
      const workspace = await harness.budgetedWorkspace({ run: null, month: '0.1' });
      const call = await harness.leasedCallIn(workspace);
      await expect(intend(harness, call, usd('0.2'))).rejects.toThrow(BudgetExceededError);
      await harness.setLimits(workspace, { run: null, month: '0.2' });
      await expect(intend(harness, call, usd('0.2'))).resolves.toBeTruthy();
    });

    test('what was spent before there was a limit counts, and so does what was spent without one in between', async () => {
      const harness = await makeHarness();
      const workspace = await harness.budgetedWorkspace({ run: null, month: null });
      const call = await harness.leasedCallIn(workspace);
      const spend = async (amount: string) => harness.store.commitOutcome(call, await intend(harness, call, ZERO), succeededFor(amount));
      await spend('0.1');
      await harness.setLimits(workspace, { run: '1', month: '1' });
      await spend('0.2');
      expect(await both(harness, call)).toEqual([{ spentUsd: usd('0.3'), reservedUsd: ZERO }, { spentUsd: usd('0.3'), reservedUsd: ZERO }]);
      await harness.setLimits(workspace, { run: null, month: null });
      await spend('0.3');
      await harness.setLimits(workspace, { run: '1', month: '1' });
      await spend('0.3');
      expect(await both(harness, call)).toEqual([{ spentUsd: usd('0.9'), reservedUsd: ZERO }, { spentUsd: usd('0.9'), reservedUsd: ZERO }]);
    });

    test('a call of unknown price is refused only where there is a budget', async () => {
      const harness = await makeHarness();
      const free = await harness.leasedCallIn(await harness.budgetedWorkspace({ run: null, month: null }));
      await expect(intend(harness, free, ZERO, ['model.input_tokens (x/y)'])).resolves.toBeTruthy();
      const budgeted = await harness.leasedCallIn(await harness.budgetedWorkspace({ run: null, month: '5' }));
      await expect(intend(harness, budgeted, ZERO, ['model.input_tokens (x/y)'])).rejects.toThrow(PriceUnknownError);
    });

    test('a call that costs nothing leaves no account, even at the limit', async () => {
      const harness = await makeHarness();
      const call = await harness.leasedCallIn(await harness.budgetedWorkspace({ run: '0', month: '0' }));
      await harness.store.commitOutcome(call, await intend(harness, call, ZERO), { ...SUCCEEDED, receipt: null });
      expect(await both(harness, call)).toEqual([null, null]);
    });

    test('80 % is warned of once for each limit, and 100 % is refused on the record', async () => {
      const harness = await makeHarness();
      const workspace = await harness.budgetedWorkspace({ run: null, month: '1' });
      const call = await harness.leasedCallIn(workspace);
      const spend = async (amount: string) => harness.store.commitOutcome(call, await intend(harness, call, usd(amount)), succeededFor(amount));
      await spend('0.79');
      expect(await harness.budgetEvents(workspace)).toEqual([]);
      await spend('0.01');
      await spend('0.1');
      expect(await harness.budgetEvents(workspace)).toEqual(['budget.warning month']);
      await expect(intend(harness, call, usd('0.2'))).rejects.toThrow(BudgetExceededError);
      expect(await harness.budgetEvents(workspace)).toEqual(['budget.warning month', 'budget.refused month']);
      await harness.setLimits(workspace, { run: null, month: '2' });
      await spend('0.7');
      expect(await harness.budgetEvents(workspace)).toEqual(['budget.warning month', 'budget.refused month', 'budget.warning month']);
    });

    test('only reservations in the way are no refusal on the record: they pass', async () => {
      const harness = await makeHarness();
      const workspace = await harness.budgetedWorkspace({ run: null, month: '10' });
      await intend(harness, await harness.leasedCallIn(workspace), usd('7.5'));
      await expect(intend(harness, await harness.leasedCallIn(workspace), usd('7.5'))).rejects.toThrow(BudgetExceededError);
      expect(await harness.budgetEvents(workspace)).toEqual([]);
    });

    test('many at once are let in as often as there is room, and no more', async () => {
      const harness = await makeHarness();
      const workspace = await harness.budgetedWorkspace({ run: null, month: '1' });
      const calls = await Promise.all(Array.from({ length: 32 }, () => harness.leasedCallIn(workspace)));
      const results = await Promise.allSettled(calls.map((call) => intend(harness, call, usd('0.15'))));
      expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(6);
      for (const result of results) if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(BudgetExceededError);
      expect(await harness.account(calls[0]!, 'month')).toEqual({ spentUsd: ZERO, reservedUsd: usd('0.9') });
    });
  });
}

function line(amount: string): PricedUsage {
  const price = { meter: 'model.output_tokens', unit: 'token', usd_per_unit: '0.00001', from: '2026-01-01', source: 'a test' };
  return { meter: price.meter, unit: price.unit, quantity: 1, price, amount_usd: usd(amount), is_priced: true };
}

function succeededFor(amount: string): Outcome {
  return { ...SUCCEEDED, receipt: null, costs: [line(amount)] };
}
