import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AGENT_PATHS } from '@countersign/contracts/agent/protocol.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { pollOf } from '../session/testing/session-under-test.ts';
import { AgentPort } from '../testing/agent-port.ts';
import { deskManifest } from '../../testing/manifests.ts';
import type { ApiReply, TestTenant } from '../../testing/control-plane-under-test.ts';

let port: AgentPort;
beforeAll(async () => {
  port = await AgentPort.start();
  await port.plane.api('POST', '/api/v1/connectors', { json: { manifest: deskManifest() } });
});
afterAll(() => port.stop());

const api = (method: string, path: string, json?: unknown, key?: string): Promise<ApiReply> => port.plane.api(method, `/api/v1${path}`, { ...(json === undefined ? {} : { json }), ...(key === undefined ? {} : { key }) });
const items = ({ body }: ApiReply): Array<Record<string, unknown>> => body['items'] as Array<Record<string, unknown>>;
const audited = async (id: string): Promise<unknown[]> => (await port.plane.auditEvents()).filter(({ subject }) => subject.id === id).map(({ type, data }) => [type, data]);

async function pool(name: string): Promise<string> {
  return String((await api('POST', '/agent-pools', { name, environment: 'prod' })).body['id']);
}

describe('pools', () => {
  test('are made for an environment, under a name of their own there, and say for how long their orders may begin', async () => {
    const made = await api('POST', '/agent-pools', { name: 'fra', environment: 'prod' });
    expect(made).toMatchObject({ status: 201, body: { name: 'fra', environment: 'prod', order_valid_ms: 60_000, agents: { active: 0, draining: 0, lost: 0 }, instances: [] } });
    const id = String(made.body['id']);
    expect(await api('POST', '/agent-pools', { name: 'fra', environment: 'prod' })).toMatchObject({ status: 409, body: { code: 'name_taken' } });
    expect(await api('POST', '/agent-pools', { name: 'fra', environment: 'dev' })).toMatchObject({ status: 201 });
    expect(await api('PATCH', `/agent-pools/${id}`, { order_valid_ms: 120_000 })).toMatchObject({ status: 200, body: { order_valid_ms: 120_000 } });
    expect(await api('PATCH', `/agent-pools/${id}`, { order_valid_ms: 4_999 })).toMatchObject({ status: 400 });
    expect(await audited(id)).toEqual([
      ['agent_pool.changed', { change: 'created', pool: 'fra', environment: 'prod', order_valid_ms: 60_000 }],
      ['agent_pool.changed', { change: 'updated', pool: 'fra', order_valid_ms: 120_000, was: 60_000 }],
    ]);
  });

  test('are removed only when nothing was ever in them', async () => {
    const id = await pool('gone');
    expect((await api('DELETE', `/agent-pools/${id}`)).status).toBe(204);
    expect(items(await api('GET', '/agent-pools')).map(({ id: one }) => one)).not.toContain(id);
    expect((await api('DELETE', `/agent-pools/${id}`)).status).toBe(404);
    const used = await pool('used');
    await api('POST', '/agent-tokens', { pool_id: used });
    expect(await api('DELETE', `/agent-pools/${used}`)).toMatchObject({ status: 409, body: { code: 'pool_in_use' } });
  });
});

test('a token is shown once, listed without its secret, and taken back as long as it was not used', async () => {
  const poolId = await pool('tokens');
  const made = await api('POST', '/agent-tokens', { pool_id: poolId });
  expect(made).toMatchObject({ status: 201, body: { pool_id: poolId, pool: 'tokens', state: 'issued', uses: 0, used_by_agent: null, token: expect.stringMatching(/^cs_enrol_/) as string } });
  const listed = await api('GET', '/agent-tokens');
  expect(items(listed).find(({ id }) => id === made.body['id'])).toMatchObject({ state: 'issued' });
  expect(JSON.stringify(listed.body)).not.toContain(String(made.body['token']));
  expect((await api('DELETE', `/agent-tokens/${String(made.body['id'])}`)).status).toBe(204);
  expect((await api('DELETE', `/agent-tokens/${String(made.body['id'])}`)).status).toBe(404);
  expect(await api('POST', '/agent-tokens', { pool_id: newId('agent_pool') })).toMatchObject({ status: 404 });
});

describe('agents', () => {
  test('are shown with how they were last heard of: load, policy, spool, clock and labels', async () => {
    const agent = await port.agent();
    const unheard = (await api('GET', `/agents/${agent.answer.agent_id}`)).body;
    expect(unheard).toMatchObject({ state: 'active', pool: 'onprem', environment: 'prod', state_reason: null, presence: null, alarms: [] });
    const client = await port.open(agent);
    const scope = port.plane.tenant.environmentId;
    const expires_at = new Date(Date.now() + 900_000).toISOString();
    const said = pollOf({
      free: 5, capacity: 8, under_way: [newId('work_order')], labels: { site: 'fra1' }, memory_bytes: 82_000_000, spool: { epoch: 'e1', seq: 12, delivered_seq: 9, bytes: 4_096, limit_bytes: 1_000_000, state: 'open' },
      policy: [{ scope, seq: 1, digest: 'sha256:x', state: 'fresh', expires_at }], connections: [{ name: 'servicenow', connector: 'servicenow', package_digest: null }],
    });
    expect(await client.ask('POST', AGENT_PATHS.poll, { json: said })).toMatchObject({ status: 200, body: { orders: [], state: 'active', policy: [{ scope }] } });
    expect((await api('GET', `/agents/${agent.answer.agent_id}`)).body).toMatchObject({
      agent_version: '0.3.0', presence: {
        is_lost: false, capacity: 8, free: 5, under_way: 1, draining: false, labels: { site: 'fra1' }, connections: [{ name: 'servicenow', connector: 'servicenow', package_digest: null }],
        policy: { state: 'fresh', seq: 1, served_seq: 1, expires_at }, spool: { state: 'open', waiting: 3, bytes: 4_096, limit_bytes: 1_000_000 }, memory_bytes: 82_000_000,
      },
    });
    const inPool = items(await api('GET', `/agents?pool_id=${port.poolId}`));
    expect(inPool.map(({ id }) => id)).toContain(agent.answer.agent_id);
    expect(items(await api('GET', `/agents?pool_id=${await pool('nobody')}`))).toEqual([]);
    client.close();
  });

  test('are drained, resumed and revoked with a reason; a revoked one stays so, and is refused at once', async () => {
    const agent = await port.agent();
    const move = (to: string): Promise<ApiReply> => api('POST', `/agents/${agent.answer.agent_id}/${to}`, { reason: 'The host is replaced' });
    const client = await port.open(agent);
    expect(await move('resume')).toMatchObject({ status: 409, body: { code: 'agent_state' } });
    expect(await move('drain')).toMatchObject({ status: 200, body: { state: 'draining', state_reason: 'The host is replaced' } });
    expect(await client.ask('POST', AGENT_PATHS.poll, { json: pollOf() })).toMatchObject({ status: 200, body: { state: 'draining' } });
    expect(await move('resume')).toMatchObject({ status: 200, body: { state: 'active' } });
    expect(await move('revoke')).toMatchObject({ status: 200, body: { state: 'revoked' } });
    expect(await move('resume')).toMatchObject({ status: 409, body: { code: 'agent_state' } });
    await client.closed;
    const again = await port.open(agent);
    expect(await again.ask('POST', AGENT_PATHS.poll, { json: pollOf() })).toMatchObject({ status: 403, body: { code: 'agent_revoked' } });
    again.close();
    expect(items(await api('GET', '/agents')).map(({ id }) => id)).not.toContain(agent.answer.agent_id);
    expect(items(await api('GET', '/agents?revoked=true')).map(({ id }) => id)).toContain(agent.answer.agent_id);
    expect((await audited(agent.answer.agent_id)).map((one) => (one as [string])[0])).toEqual(['agent.enrolled', 'agent.draining', 'agent.seen', 'agent.resumed', 'agent.revoked']);
  });
});

test.each<[string, () => Promise<ApiReply>, object]>([
  ['a kill switch', () => api('POST', '/kill-switches', { scope: 'tenant', reason: 'Stop all of it' }), { kill_switches: [{ scope: 'tenant', reason: 'Stop all of it' }] }],
  ['a revoked key of its tenant', async () => api('POST', `/keys/${await kidOf('policy_bundle')}/revoke`, { reason: 'It may have been copied', compromised_since: new Date().toISOString() }), { key_set: { payloadType: 'application/vnd.countersign.agent-keys.v1+json' } }],
])('%s reaches an agent whose poll is held at once', async (_, act, hears) => {
  const client = await port.open(await port.agent());
  const poll = (key_set_seq: number): Promise<{ status: number; body: Record<string, unknown> }> => client.ask('POST', AGENT_PATHS.poll, { json: pollOf({ key_set_seq }) });
  const { key_set } = (await poll(0)).body as { key_set: { payload: string } };
  const { seq } = JSON.parse(Buffer.from(key_set.payload, 'base64').toString('utf8')) as { seq: number };
  const held = poll(seq);
  // What is asked after it is answered, and it is not.
  await client.ask('GET', `${AGENT_PATHS.policy}/${port.plane.tenant.environmentId}`);
  expect((await act()).status).toBeLessThan(300);
  expect((await held).body).toMatchObject(hears);
  client.close();
});

async function kidOf(purpose: string): Promise<string> {
  const keys = (await api('GET', '/keys')).body['keys'] as Array<{ kid: string; purpose: string; state: string }>;
  return keys.find((key) => key.purpose === purpose && key.state === 'signing')?.kid ?? 'none';
}

describe('an instance that only a pool reaches', () => {
  const instance = (more: object): Promise<ApiReply> => api('POST', '/instances', { connector: 'desk', connector_version: '1.0.0', name: `d-${newId('request').slice(-12)}`, environment: 'prod', ...more });

  test('names its pool, and has no address here', async () => {
    const pool_id = await pool('desks');
    const made = await instance({ pool_id });
    expect(made).toMatchObject({ status: 201, body: { base_url: null, allowed_hosts: [], pool: { id: pool_id, name: 'desks' } } });
    expect(items(await api('GET', '/agent-pools')).find(({ id }) => id === pool_id)).toMatchObject({ instances: [made.body['name']] });
    expect((await instance({})).body['pool']).toBeNull();
    expect(await api('DELETE', `/agent-pools/${pool_id}`)).toMatchObject({ status: 409, body: { code: 'pool_in_use' } });
  });

  test.each([
    ['base_url', { base_url: 'https://desk.example.com' }], ['allowed_hosts', { allowed_hosts: ['desk.example.com:443'] }], ['credential_id', { credential_id: newId('credential') }],
    ['connection', { connection: { proxy_url: 'http://proxy.example.com:3128' } }],
  ])('is not made with a %s', async (field, more) => {
    const reply = await instance({ pool_id: port.poolId, ...more });
    expect([reply.status, reply.body['code'], (reply.body['errors'] as Array<{ field: string }>)[0]!.field]).toEqual([400, 'request_invalid', `/${field}`]);
  });

  test('is of the environment of its pool', async () => {
    expect(await instance({ pool_id: port.poolId, environment: 'dev' })).toMatchObject({ status: 422, body: { code: 'pool_unknown' } });
    expect(await instance({ pool_id: newId('agent_pool') })).toMatchObject({ status: 422, body: { code: 'pool_unknown' } });
  });
});

test.each([
  ['viewer', { read: true, manage: false, enrol: false }],
  ['operator', { read: true, manage: true, enrol: false }],
  ['author', { read: true, manage: false, enrol: false }],
  ['admin', { read: true, manage: true, enrol: true }],
] as const)('a %s: %j', async (role, may) => {
  const { key } = await port.plane.principal([role]);
  const nobody = newId('agent');
  expect((await api('GET', '/agents', undefined, key)).status === 200).toBe(may.read);
  expect((await api('POST', `/agents/${nobody}/drain`, { reason: 'To see who may' }, key)).status).toBe(may.manage ? 404 : 403);
  expect((await api('POST', '/agent-tokens', { pool_id: newId('agent_pool') }, key)).status).toBe(may.enrol ? 404 : 403);
});

test('of another tenant, or of another workspace, nothing is seen, changed, enrolled into or placed in', async () => {
  const { plane } = port;
  const agent = await port.agent();
  const token = await api('POST', '/agent-tokens', { pool_id: port.poolId });
  const other = await plane.otherTenant();
  const second = await api('POST', '/workspaces', { slug: 'second', name: 'Second' });
  const inSecond: TestTenant = { ...plane.tenant, workspaceId: String(second.body['id']) };
  for (const place of [other, inSecond]) {
    const { key } = await plane.principal(['admin'], place);
    expect(items(await api('GET', '/agents?revoked=true', undefined, key))).toEqual([]);
    expect(items(await api('GET', '/agent-pools', undefined, key))).toEqual([]);
    expect(items(await api('GET', '/agent-tokens', undefined, key))).toEqual([]);
    expect((await api('GET', `/agents/${agent.answer.agent_id}`, undefined, key)).status).toBe(404);
    for (const to of ['drain', 'resume', 'revoke']) expect((await api('POST', `/agents/${agent.answer.agent_id}/${to}`, { reason: 'Not mine' }, key)).status).toBe(404);
    expect((await api('PATCH', `/agent-pools/${port.poolId}`, { order_valid_ms: 10_000 }, key)).status).toBe(404);
    expect((await api('DELETE', `/agent-pools/${port.poolId}`, undefined, key)).status).toBe(404);
    expect((await api('POST', '/agent-tokens', { pool_id: port.poolId }, key)).status).toBe(404);
    expect((await api('DELETE', `/agent-tokens/${String(token.body['id'])}`, undefined, key)).status).toBe(404);
  }
  expect((await api('GET', `/agents/${agent.answer.agent_id}`)).body).toMatchObject({ state: 'active' });
});
