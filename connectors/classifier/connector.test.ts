import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Pdp } from '@countersign/platform/opa/pdp.ts';
import type { CallRequest, CallResult } from '../gateway/ports.ts';
import { testIdentity } from '../gateway/testing/identities.ts';
import { instanceOf, seededPolicy, testGateway } from '../gateway/testing/test-gateway.ts';
import type { TestGateway } from '../gateway/testing/test-gateway.ts';
import { CONNECTORS } from '../registry.ts';
import type { JsonObject } from '../sdk/connector.ts';
import { servicenow } from '../servicenow/connector.ts';
import { startSandbox } from '../servicenow/sandbox/server.ts';
import type { RunningSandbox } from '../servicenow/sandbox/server.ts';
import { classifier } from './connector.ts';

const PINNED: Partial<CallRequest> = { model: { use: 'classifier/local', pinned: true } };
const INPUT = { short_description: 'VPN drops every few minutes', description: 'The VPN client disconnects when I work from home.' };

let sandbox: RunningSandbox;
let pdp: Pdp;
let world: TestGateway;

beforeAll(async () => {
  sandbox = await startSandbox({ incidents: 300 });
  pdp = await seededPolicy();
  world = testGateway({
    connectors: CONNECTORS, pdp, credentials: { cred_1: { kind: 'basic', username: 'countersign.integration', password: 'sandbox-integration' } },
    instances: [instanceOf(servicenow, { id: 'ins_sn', name: 'snow', baseUrl: sandbox.url, allowedHosts: [new URL(sandbox.url).host], credentialId: 'cred_1' }), instanceOf(classifier)],
  });
});
afterAll(async () => {
  await world.gateway.close();
  await sandbox.stop();
  await pdp.stop();
});

function succeeded(result: CallResult): JsonObject {
  expect(result).toMatchObject({ kind: 'succeeded' });
  return (result as Extract<CallResult, { kind: 'succeeded' }>).output;
}

const generate = (changes: JsonObject = {}) => world.call(testIdentity(), 'classifier/generate', { model: 'classifier/local', source: 'snow', input: INPUT, ...changes }, PINNED);

describe('the built-in model as a connector', () => {
  test('asks to be tried again while there is no model', async () => {
    expect(await generate()).toMatchObject({ kind: 'failed', error: { code: 'model_not_trained', retryable: true, retryAfterMs: 2_000 } });
  });

  test('a model that is not pinned is denied', async () => {
    expect(await world.call(testIdentity(), 'classifier/generate', { model: 'classifier/local', input: INPUT })).toMatchObject({ kind: 'denied' });
  });

  test('an instance that does not exist is named', async () => {
    expect(await generate({ source: 'other' })).toMatchObject({ kind: 'failed', error: { code: 'parameters_invalid', message: expect.stringContaining('other') } });
  });

  test('learns from resolved incidents through the gateway, and then proposes', async () => {
    const resolved = sandbox.store.rows('incident').filter((row) => row['state'] === '6' || row['state'] === '7');
    const trained = succeeded(await world.call(testIdentity(), 'classifier/train', { source: 'snow', limit: 280, approved: [] }, PINNED));
    expect(trained).toMatchObject({ version: 1, labelled_count: Math.min(280, resolved.length) });
    expect(Object.keys(trained['metrics'] as object)).toEqual(['category', 'subcategory', 'assignment_group', 'impact', 'urgency']);
    expect([...world.models.keys()]).toEqual(['ins_sn']);
    // Each page of tickets was a governed read.
    expect(world.store.calls.filter(({ intent }) => intent.action.action === 'incidents.resolved').map(({ identity }) => identity.callKey)).toEqual(['main/servicenow/incidents.resolved#1', 'main/servicenow/incidents.resolved#2']);

    const proposal = succeeded(await generate());
    const groups = new Set(sandbox.store.rows('sys_user_group').map((row) => row['name']));
    expect(proposal).toMatchObject({ mode: 'suggest', model: { version: 1, labelled_count: trained['labelled_count'] } });
    expect(groups.has(String(proposal['assignment_group']))).toBe(true);
    expect(proposal['similar']).toContainEqual({ id: expect.stringMatching(/^[0-9a-f]{32}$/), number: expect.stringMatching(/^INC\d{7}$/), similarity: expect.any(Number) });
    expect(proposal['note']).toContain(`version 1, from ${String(trained['labelled_count'])} finished tickets`);
    const { outcome } = world.store.calls.at(-1)!;
    expect(outcome).toMatchObject({ state: 'succeeded', costs: [{ meter: 'classifier.cpu', unit: 's' }] });

    // A subcategory always belongs to the proposed category, and only allowed values are proposed.
    const pairs = new Set(sandbox.store.rowsWhere('sys_choice', 'element', 'subcategory').map((row) => `${row['dependent_value']}|${row['value']}`));
    if (proposal['subcategory'] !== null) expect(pairs).toContain(`${String(proposal['category'])}|${String(proposal['subcategory'])}`);
    const restricted = succeeded(await generate({ allowed: { category: [], assignment_group: [String(proposal['assignment_group'])] } }));
    expect(restricted).toMatchObject({ category: null, subcategory: null, assignment_group: proposal['assignment_group'], confidence: 0 });
  });

  test('learns from incidents whose update people approved while they are still open', async () => {
    const openTicket = await raiseTicket();
    await fetch(`${sandbox.url}/api/now/table/incident/${openTicket}`, { method: 'PATCH', headers: { ...AS_ADMIN, accept: 'application/json' }, body: '{"category":"a-new-category"}' });
    const train = async (approved: string[] | null) => succeeded(await world.call(testIdentity(), 'classifier/train', { source: 'snow', limit: 100, labels: ['category'], approved }, PINNED));
    const [before, after] = [await train(null), await train([openTicket])];
    const values = (output: JsonObject) => (output['metrics'] as Record<string, { values: number }>)['category']?.values;
    expect(after['labelled_count']).toBe(Number(before['labelled_count']) + 1);
    expect(values(after)).toBe(Number(values(before)) + 1);
  });
});

const AS_ADMIN = { authorization: `Basic ${Buffer.from('admin:sandbox-admin').toString('base64')}`, 'content-type': 'application/json' };

async function raiseTicket(): Promise<string> {
  const response = await fetch(`${sandbox.url}/sandbox/tickets`, { method: 'POST', headers: AS_ADMIN, body: '{"count":1}' });
  const { tickets } = await response.json() as { tickets: Array<{ sys_id: string }> };
  return tickets[0]!.sys_id;
}
