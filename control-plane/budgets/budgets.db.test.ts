import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVERY_ROLE } from '@countersign/contracts/openapi/permissions.ts';
import { PRICE_TABLE } from '@countersign/contracts/prices/price-table.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { ApiReply, TestPrincipal } from '../testing/control-plane-under-test.ts';

let plane: ControlPlaneUnderTest;
let stranger: TestPrincipal;
let viewer: TestPrincipal;
beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start();
  stranger = await plane.principal(EVERY_ROLE, await plane.otherTenant());
  viewer = await plane.principal(['viewer']);
});
afterAll(() => plane.stop());

const budget = (options: { key?: string } = {}): Promise<ApiReply> => plane.api('GET', '/api/v1/budgets', options);
const setBudget = (json: unknown, options: { key?: string; headers?: Record<string, string> } = {}): Promise<ApiReply> => plane.api('PUT', '/api/v1/budgets', { json, ...options });
const prices = (options: { key?: string } = {}): Promise<ApiReply> => plane.api('GET', '/api/v1/prices', options);
const setPrices = (overrides: unknown, options: { key?: string; headers?: Record<string, string> } = {}): Promise<ApiReply> => plane.api('PUT', '/api/v1/prices', { json: { overrides }, ...options });
const fieldsOf = (reply: ApiReply): string[] => (reply.body['errors'] as Array<{ field: string }>).map(({ field }) => field);
const PRICE = { meter: 'model.input_tokens', unit: 'token', model: 'openai/gpt-5.5', usd_per_unit: '0.00000125', from: '2026-11-01', source: 'our contract of 2026' };

/** An account as a worker keeps it. */
async function account(spent: string, reserved: string): Promise<void> {
  const { tenantId, workspaceId } = plane.tenant;
  await plane.database.execution.forTenant(tenantId, (tx) => tx.change({
    name: 'test.account', text: `INSERT INTO execution.budget_accounts (tenant_id, workspace_id, kind, period, spent_usd, reserved_usd)
      VALUES ($1, $2, 'month', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM'), $3, $4)
      ON CONFLICT (tenant_id, workspace_id, kind, period) DO UPDATE SET spent_usd = $3, reserved_usd = $4` }, [tenantId, workspaceId, spent, reserved]));
}

describe('budgets', () => {
  test('there is none at first; one that is set is shown to everybody in the workspace, exactly', async () => {
    const none = await budget();
    expect([none.status, none.headers.get('etag')]).toEqual([200, '"0"']);
    expect(none.body).toMatchObject({ monthly_limit_usd: null, run_limit_usd: null, set_by: null, month: { spent_usd: '0.000000000', reserved_usd: '0.000000000', state: 'unlimited' } });
    const set = await setBudget({ monthly_limit_usd: '250', run_limit_usd: '0.123456789' });
    expect([set.status, set.headers.get('etag')]).toEqual([200, '"1"']);
    expect((await budget({ key: viewer.key })).body).toMatchObject({ monthly_limit_usd: '250.000000000', run_limit_usd: '0.123456789', set_by: expect.stringMatching(/^prn_/) as string, month: { period: new Date().toISOString().slice(0, 7), state: 'ok' } });
    expect((await plane.auditEvents()).filter(({ type }) => type === 'budget.changed')).toMatchObject([{ data: { monthly_limit_usd: '250', run_limit_usd: '0.123456789', was_monthly_limit_usd: null, version: 1 } }]);
  });

  test('an ETag that is old, strange or of nothing changes nothing', async () => {
    const etag = (await budget()).headers.get('etag') ?? '';
    expect((await setBudget({ monthly_limit_usd: '10', run_limit_usd: null }, { headers: { 'if-match': etag } })).status).toBe(200);
    for (const stale of [etag, '"0"', 'W/"2"', '2', '"2", "3"']) {
      const reply = await setBudget({ monthly_limit_usd: '99', run_limit_usd: null }, { headers: { 'if-match': stale } });
      expect([stale, reply.status, reply.body['code']]).toEqual([stale, 412, 'precondition_failed']);
    }
    expect((await budget()).body).toMatchObject({ monthly_limit_usd: '10.000000000' });
    expect((await setBudget({ monthly_limit_usd: '11', run_limit_usd: null }, { headers: { 'if-match': '*' } })).status).toBe(200);
  });

  test('of two who read the same, one is told that the other was faster', async () => {
    const etag = (await budget()).headers.get('etag') ?? '';
    const replies = await Promise.all(['1', '2', '3', '4'].map((limit) => setBudget({ monthly_limit_usd: limit, run_limit_usd: null }, { headers: { 'if-match': etag } })));
    expect(replies.map(({ status }) => status).toSorted()).toEqual([200, 412, 412, 412]);
  });

  test.each<[string, unknown, string]>([
    ['a number', { monthly_limit_usd: 10, run_limit_usd: null }, '/monthly_limit_usd'],
    ['a negative amount', { monthly_limit_usd: '-1', run_limit_usd: null }, '/monthly_limit_usd'],
    ['an exponent', { monthly_limit_usd: '1e3', run_limit_usd: null }, '/monthly_limit_usd'],
    ['more than nine places', { monthly_limit_usd: null, run_limit_usd: '0.1234567891' }, '/run_limit_usd'],
    ['one limit only', { monthly_limit_usd: '1' }, '/run_limit_usd'],
    ['another field', { monthly_limit_usd: '1', run_limit_usd: null, weekly_limit_usd: '1' }, '/weekly_limit_usd'],
  ])('%s is refused with its field', async (_what, json, field) => {
    const reply = await setBudget(json);
    expect([reply.status, reply.body['code']]).toEqual([400, 'request_invalid']);
    expect(fieldsOf(reply)).toContain(field);
  });

  test('what workers have spent and reserved is shown, and how near it is', async () => {
    await setBudget({ monthly_limit_usd: '10', run_limit_usd: null });
    for (const [spent, reserved, state] of [['7.9', '0', 'ok'], ['7.9', '0.1', 'warning'], ['10', '0', 'exhausted']] as const) {
      await account(spent, reserved);
      expect((await budget()).body['month']).toMatchObject({ spent_usd: `${Number(spent).toFixed(9)}`, reserved_usd: `${Number(reserved).toFixed(9)}`, state });
    }
  });

  test('another tenant sees and changes its own only', async () => {
    await setBudget({ monthly_limit_usd: '10', run_limit_usd: '1' });
    expect((await budget({ key: stranger.key })).body).toMatchObject({ monthly_limit_usd: null, month: { spent_usd: '0.000000000' } });
    expect((await setBudget({ monthly_limit_usd: '5', run_limit_usd: null }, { key: stranger.key })).headers.get('etag')).toBe('"1"');
    expect((await budget()).body).toMatchObject({ monthly_limit_usd: '10.000000000', run_limit_usd: '1.000000000' });
  });

  test('who may only look cannot set them', async () => {
    expect((await setBudget({ monthly_limit_usd: '1', run_limit_usd: null }, { key: viewer.key })).body['code']).toBe('forbidden');
    expect((await setPrices([], { key: viewer.key })).body['code']).toBe('forbidden');
  });
});

describe('prices', () => {
  test('begin with the shipped table; own prices go in as a whole and keep who set each of them', async () => {
    const first = await prices();
    expect([first.headers.get('etag'), first.body['dated'], first.body['overrides']]).toEqual(['"0"', PRICE_TABLE.dated, []]);
    expect(first.body['table']).toEqual(JSON.parse(JSON.stringify(PRICE_TABLE.rows)));
    const set = await setPrices([PRICE, { meter: 'connector.call', unit: 'call', usd_per_unit: '0.01', from: '2026-11-01', source: 'charged on' }]);
    expect(set.headers.get('etag')).toBe('"1"');
    expect(set.body['overrides']).toEqual([expect.objectContaining({ meter: 'connector.call', usd_per_unit: '0.01' }), { ...PRICE, set_by: expect.stringMatching(/^prn_/) as string, set_at: expect.any(String) as string }]);
    const other = await plane.principal(['admin']);
    const [kept] = (await setPrices([PRICE], { key: other.key, headers: { 'if-match': '"1"' } })).body['overrides'] as Array<{ set_by: string }>;
    expect(kept?.set_by).not.toBe(other.id);
    expect((await setPrices([PRICE], { headers: { 'if-match': '"1"' } })).status).toBe(412);
    expect((await prices({ key: viewer.key })).body['overrides']).toHaveLength(1);
    expect((await prices({ key: stranger.key })).body['overrides']).toEqual([]);
  });

  test.each<[string, unknown, string]>([
    ['a number for a price', [{ ...PRICE, usd_per_unit: 1 }], '/overrides/0/usd_per_unit'],
    ['a day that does not exist', [{ ...PRICE, from: '2026-02-30' }], '/overrides/0/from'],
    ['two prices for the same', [PRICE, { ...PRICE, usd_per_unit: '2' }], '/overrides/1'],
    ['a model without its connector', [{ ...PRICE, model: 'gpt-5.5' }], '/overrides/0/model'],
    ['no source', [{ ...PRICE, source: '' }], '/overrides/0/source'],
  ])('%s is refused with its field', async (_what, overrides, field) => {
    const reply = await setPrices(overrides);
    expect([reply.status, fieldsOf(reply)]).toEqual([400, [field]]);
  });

  test('are what a worker reads', async () => {
    await setPrices([PRICE]);
    const rows = await plane.database.execution.forTenant(plane.tenant.tenantId, (tx) => tx.rows<{ usd: string }>({ name: 'test.own_prices', text: 'SELECT trim_scale(usd_per_unit)::text AS usd FROM control.price_overrides WHERE tenant_id = $1' }, [plane.tenant.tenantId]));
    expect(rows).toEqual([{ usd: '0.00000125' }]);
  });
});
