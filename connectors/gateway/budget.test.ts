import { afterEach, describe, expect, test } from 'vitest';
import type { PriceRow } from '@countersign/contracts/prices/price-table.ts';
import type { Action, Connector } from '../sdk/connector.ts';
import { ConnectorError } from '../sdk/errors.ts';
import { checkManifest } from '../sdk/load-manifest.ts';
import type { CallIdentity } from './call-identity.ts';
import { nextAttempt, testIdentity } from './testing/identities.ts';
import { fixedPolicy, instanceOf, testGateway } from './testing/test-gateway.ts';
import type { TestGateway } from './testing/test-gateway.ts';

const open: TestGateway[] = [];
afterEach(() => Promise.all(open.splice(0).map(({ gateway }) => gateway.close())));

const MODEL = 'oracle/large-2026-01-01';
const PRICE: PriceRow = { meter: 'model.output_tokens', unit: 'token', model: 'oracle/large', usd_per_unit: '0.001', from: '2026-01-01', source: 'a test' };
const tokens = (quantity: number) => [{ meter: 'model.output_tokens', unit: 'token', model: MODEL, quantity }];

/** A model that needs no wire: it may use 100 tokens, and uses as many as it is asked to. */
const generate: Action = {
  estimate: () => tokens(100),
  execute: async (_context, { used }) => {
    if (used === 'refuse') throw new ConnectorError({ code: 'model_refused', effect: 'none', retryable: false, message: 'The model refused.', usage: tokens(7) });
    return { output: {}, usage: tokens(Number(used)) };
  },
};

function world(prices: readonly PriceRow[] = [PRICE], code: Action = generate): TestGateway {
  const action = {
    title: 'Generate', risk: 'model', reversible: true, idempotent: true, reconcile: false, timeout_ms: 1_000, sensitive_parameters: [], content_parameters: [], redact: [], output_labels: ['model_output'],
    parameters: { type: 'object', additionalProperties: true }, output: { type: 'object', additionalProperties: true },
  };
  const connector: Connector = { ...checkManifest({ name: 'oracle', version: '1.0.0', title: 'Oracle', description: 'For tests', credentials: ['none'], actions: { generate: action } }), actions: { generate: code } };
  const made = testGateway({ connectors: [connector], instances: [instanceOf(connector)], pdp: fixedPolicy(() => ({ outcome: 'ALLOW' })), prices });
  open.push(made);
  return made;
}

function ask(made: TestGateway, call: CallIdentity, used: number | string) {
  return made.call(call, 'oracle/generate', { used }, { model: { use: MODEL, pinned: true } });
}

describe('a metered call', () => {
  test('reserves its estimate with the intent and is settled by what it used, with the price row beside the figure', async () => {
    const made = world();
    const call = testIdentity();
    made.store.budgets.setLimits(call.workspace.id, { run: '1', month: null });
    expect(await ask(made, call, 40)).toMatchObject({ kind: 'succeeded' });
    expect(made.store.calls[0]?.intent.estimate).toEqual({ amountUsd: '0.100000000', unpriced: [] });
    expect(made.store.calls[0]?.outcome?.costs).toMatchObject([{ quantity: 40, model: MODEL, amount_usd: '0.040000000', price: PRICE }]);
    expect(made.store.budgets.account(call, 'run')).toEqual({ spentUsd: '0.040000000', reservedUsd: '0.000000000' });
  });

  test('that fails all the same costs what its error says', async () => {
    const made = world();
    const call = testIdentity();
    made.store.budgets.setLimits(call.workspace.id, { run: '1', month: null });
    expect(await ask(made, call, 'refuse')).toMatchObject({ kind: 'failed', error: { code: 'model_refused' } });
    expect(made.store.budgets.account(call, 'run')).toEqual({ spentUsd: '0.007000000', reservedUsd: '0.000000000' });
  });

  test('without room ends for good, names the budget and its figures, and goes on when the limit was raised', async () => {
    const made = world();
    const call = testIdentity();
    made.store.budgets.setLimits(call.workspace.id, { run: '0.15', month: null });
    await ask(made, call, 90);
    const refused = await ask(made, nextAttempt(call), 90);
    expect(refused).toMatchObject({ kind: 'failed', error: { code: 'budget_exceeded', retryable: false } });
    expect(JSON.stringify(refused)).toMatch(/budget of this run is 0\.150000000 USD, of which 0\.090000000 USD are spent and 0\.000000000 USD reserved.*Raise the limit, then redrive/);
    expect(made.store.calls).toHaveLength(1);
    made.store.budgets.setLimits(call.workspace.id, { run: '1', month: null });
    expect(await ask(made, nextAttempt(call), 90)).toMatchObject({ kind: 'succeeded' });
  });

  test('that only calls under way leave no room for is tried again', async () => {
    let release = (): void => {};
    const started = new Promise<void>((resolve) => { release = resolve; });
    let finish = (): void => {};
    const finished = new Promise<void>((resolve) => { finish = resolve; });
    const made = world([PRICE], { ...generate, execute: async () => {
      release();
      await finished;
      return { output: {}, usage: tokens(1) };
    } });
    const [first, second] = [testIdentity(), testIdentity()];
    made.store.budgets.setLimits(first.workspace.id, { run: null, month: '0.15' });
    const running = ask(made, first, 1);
    await started;
    expect(await ask(made, second, 1)).toMatchObject({ kind: 'failed', error: { code: 'budget_reserved', retryable: true } });
    finish();
    expect(await running).toMatchObject({ kind: 'succeeded' });
    expect(await ask(made, nextAttempt(second), 1)).toMatchObject({ kind: 'succeeded' });
  });

  test('of unknown price is refused under a budget, naming the meter and the model, and only noted without one', async () => {
    const made = world([]);
    const call = testIdentity();
    expect(await ask(made, call, 40)).toMatchObject({ kind: 'succeeded' });
    expect(made.errors).toMatchObject([{ meter: 'model.output_tokens', model: MODEL }]);
    made.store.budgets.setLimits(call.workspace.id, { run: null, month: '5' });
    const refused = await ask(made, nextAttempt(call), 40);
    expect(refused).toMatchObject({ kind: 'failed', error: { code: 'price_unknown', retryable: false, message: expect.stringContaining(`model.output_tokens (${MODEL})`) } });
    expect(made.store.calls).toHaveLength(1);
  });

  test('whose usage is no quantity has an invalid answer', async () => {
    const made = world();
    expect(await ask(made, testIdentity(), -1)).toMatchObject({ kind: 'failed', error: { code: 'response_invalid' } });
  });
});
