import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AGENT_PATHS } from '@countersign/contracts/agent/protocol.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { startControlPlane } from '../../wiring.ts';
import { AgentClient, newKey } from '../testing/agent-client.ts';
import type { AgentReply, TestIdentity } from '../testing/agent-client.ts';
import { agentRoutes } from './http/routes.ts';
import { AgentPort } from '../testing/agent-port.ts';
import type { EnrolledAgent } from '../testing/agent-port.ts';
import { pollOf } from '../session/testing/session-under-test.ts';
import { chained, deliveryOf, said } from '../session/testing/spool.ts';
import { setState, suspendTenant } from '../testing/queries.ts';

let port: AgentPort;
let elsewhere: AgentPort;
beforeAll(async () => { [port, elsewhere] = await Promise.all([AgentPort.start(), AgentPort.start()]); });
afterAll(() => Promise.all([port.stop(), elsewhere.stop()]));

const HOUR_MS = 3_600_000;
/** Answered at once, by any agent that is admitted. */
const ping = (client: AgentClient, of = port): Promise<AgentReply> => client.ask('GET', `${AGENT_PATHS.policy}/${of.plane.tenant.environmentId}`);
/** Of an agent that was told all there is: its next poll is held. */
async function heldPoll(client: AgentClient, of = port): Promise<{ reply: Promise<AgentReply> }> {
  const poll = (): Promise<AgentReply> => client.ask('POST', AGENT_PATHS.poll, { json: pollOf({ version: '0.1.0', key_set_seq: 1_000 }) });
  expect((await poll()).status).toBe(200);
  const reply = poll();
  // What was asked after it is answered, and it is not.
  await ping(client, of);
  return { reply };
}

async function asked(identity: TestIdentity | null): Promise<AgentReply> {
  const client = await port.open(identity);
  try {
    return await ping(client);
  } finally {
    client.close();
  }
}

/** Each makes of an agent that is well one that is to be refused. */
const REFUSED: ReadonlyArray<[string, number, string, (agent: EnrolledAgent) => Promise<TestIdentity | null>]> = [
  ['no certificate', 401, 'certificate_invalid', async () => null],
  ['one that has ended', 401, 'agent_expired', (agent) => port.certified(agent, { not_after: new Date(Date.now() - 1_000) })],
  ['one that has not begun', 401, 'certificate_invalid', (agent) => port.certified(agent, { not_before: new Date(Date.now() + HOUR_MS), not_after: new Date(Date.now() + 2 * HOUR_MS) })],
  ['one of another authority of the same name', 401, 'certificate_invalid', (agent) => port.certified(agent, { authority: { ...elsewhere.authority, name: port.authority.name } })],
  ['an ended one of another authority of the same name', 401, 'certificate_invalid', (agent) => port.certified(agent, { not_after: new Date(Date.now() - 1_000), authority: { ...elsewhere.authority, name: port.authority.name } })],
  ['one for servers', 401, 'certificate_invalid', (agent) => port.certified(agent, { use: 'server' })],
  ['one with a serial that is not on record', 401, 'certificate_invalid', (agent) => port.certified(agent, { isOnRecord: false })],
  ['one with a second name', 401, 'certificate_invalid', (agent) => port.certified(agent, { alternative_names: [{ type: 'url', value: agent.answer.spiffe_id }, { type: 'url', value: `${agent.answer.spiffe_id}x` }] })],
  ['one with the name of a host', 401, 'certificate_invalid', (agent) => port.certified(agent, { alternative_names: [{ type: 'dns', value: 'localhost' }] })],
  ['one of another cell', 401, 'certificate_invalid', (agent) => port.certified(agent, { alternative_names: [{ type: 'url', value: port.renamed(agent, { cell: 'other' }) }] })],
  ['one of another pool', 401, 'certificate_invalid', (agent) => port.certified(agent, { alternative_names: [{ type: 'url', value: port.renamed(agent, { pool_id: newId('agent_pool') }) }] })],
  ['one of another environment', 401, 'certificate_invalid', (agent) => port.certified(agent, { alternative_names: [{ type: 'url', value: port.renamed(agent, { environment_id: newId('environment') }) }] })],
  ['one of another tenant', 401, 'certificate_invalid', (agent) => port.certified(agent, { alternative_names: [{ type: 'url', value: port.renamed(agent, { tenant_id: newId('tenant') }) }] })],
  ['one of an agent that is not there', 401, 'certificate_invalid', (agent) => port.certified(agent, { alternative_names: [{ type: 'url', value: port.renamed(agent, { agent_id: newId('agent') }) }] })],
  ['one of a revoked agent', 403, 'agent_revoked', async (agent) => (await port.revoke(agent.answer.agent_id), agent)],
];

describe('on a new connection', () => {
  test.each(REFUSED)('%s is refused', async (_, status, code, make) => {
    const agent = await port.agent();
    expect((await asked(agent)).status).toBe(200);
    const identity = await make(agent);
    // What was read of an agent is believed for a quarter of a second.
    await expect.poll(async () => { const reply = await asked(identity); return [reply.status, reply.body['code']]; }, { timeout: 1_000, interval: 20 }).toEqual([status, code]);
  });

  test('no call but enrolment is answered without a certificate, or with a bad one, and after the refusal the connection ends', async () => {
    const agent = await port.agent();
    // All there are: who answers is not reached.
    const unreached = () => Promise.reject(new TypeError('an agent that was not admitted was answered'));
    const routes = agentRoutes({ renewal: { renew: unreached }, sessions: { poll: unreached, deliver: unreached, policy: unreached, release: unreached } });
    expect(routes.map(({ path }) => path).sort()).toEqual(Object.values(AGENT_PATHS).filter((path) => path !== AGENT_PATHS.enrol).sort());
    const calls: Array<readonly ['GET' | 'POST', string]> = routes.map(({ method, path }) => [method, method === 'GET' ? `${path}/x` : path]);
    calls.push(['GET', '/'], ['POST', '/agent/v1/nothing']);
    for (const identity of [null, await port.certified(agent, { isOnRecord: false })]) {
      for (const [method, path] of calls) {
        const client = await port.open(identity);
        const { status, body } = await client.ask(method, path, method === 'POST' ? { json: {} } : {});
        expect([status, body['code'], path]).toEqual([401, 'certificate_invalid', path]);
        await client.closed;
      }
    }
  });

  test('the certificate before the last is good until it ends: the answer to a renewal may be lost', async () => {
    const agent = await port.agent();
    const client = await port.open(agent);
    const renewed = await client.renew(agent.key);
    expect(renewed.status).toBe(200);
    client.close();
    expect((await asked(agent)).status).toBe(200);
    const second = { certificate_pem: renewed.body['certificate_pem'] as string, key: agent.key };
    const next = await port.open(second);
    expect((await next.renew(agent.key)).status).toBe(200);
    next.close();
    expect((await asked(second)).status).toBe(200);
    expect((await asked(agent)).body['code']).toBe('certificate_invalid');
  });
});

test('an agent that does nothing but renew is slowed down', async () => {
  const agent = await port.agent();
  const client = await port.open(agent);
  const statuses: number[] = [];
  for (let count = 0; count < 22; count += 1) statuses.push((await client.renew(agent.key)).status);
  expect([statuses.slice(0, 2), statuses.at(-1)]).toEqual([[200, 200], 429]);
  client.close();
});

describe('a TLS session', () => {
  test('is not resumed, whatever is offered, so that a certificate that has ended meanwhile is seen', async () => {
    const agent = await port.agent();
    const first = await port.open(agent);
    expect((await ping(first)).status).toBe(200);
    // OpenSSL gives tickets out whatever is set; what counts is that none of them is taken.
    expect(first.tickets.length).toBeGreaterThan(0);
    const offered = { session: first.tickets.at(-1)! };
    first.close();
    const second = await AgentClient.open(port.url, port.ca_pem, agent, offered);
    expect(second.socket.isSessionReused()).toBe(false);
    expect((await ping(second)).status).toBe(200);
    second.close();
    const ended = await AgentClient.open(port.url, port.ca_pem, await port.certified(agent, { not_after: new Date(Date.now() - 1_000) }), offered);
    expect([ended.socket.isSessionReused(), (await ping(ended)).body['code']]).toEqual([false, 'agent_expired']);
    ended.close();
    await port.revoke(agent.answer.agent_id);
    await expect.poll(async () => {
      const revoked = await AgentClient.open(port.url, port.ca_pem, agent, offered);
      const { body } = await ping(revoked);
      revoked.close();
      return [revoked.socket.isSessionReused(), body['code']];
    }, { timeout: 1_000, interval: 20 }).toEqual([false, 'agent_revoked']);
  });

  test.each([
    ['TLS 1.2', 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', { maxVersion: 'TLSv1.2', ALPNProtocols: ['h2'] } as const],
    ['HTTP/1.1', 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL', { ALPNProtocols: ['http/1.1'] }],
  ])('of %s is not spoken', async (_, alert, options) => {
    const socket: TLSSocket = connectTls({ port: Number(new URL(port.url).port), host: 'localhost', servername: 'localhost', ca: port.ca_pem, ...options });
    // Before it is connected `once` rejects with what the other end says against it.
    await expect(once(socket, 'secureConnect')).rejects.toMatchObject({ code: alert });
    socket.destroy();
  });
});

/** Milliseconds from now until `what`. */
async function took(what: Promise<unknown>): Promise<number> {
  const began = performance.now();
  await what;
  return performance.now() - began;
}

describe('on a connection that is kept', () => {
  test('an agent that is revoked is told so where it waits, and is gone within a second', async () => {
    const agent = await port.agent();
    const client = await port.open(agent);
    const { reply } = await heldPoll(client);
    const ended = took(Promise.all([reply, client.closed]));
    await port.revoke(agent.answer.agent_id);
    expect([(await reply).status, (await reply).body['code']]).toEqual([403, 'agent_revoked']);
    expect(await ended).toBeLessThan(1_000);
  });

  test('it is gone within a second where nobody is told, too', async () => {
    const agent = await port.agent();
    const [idle, waiting] = [await port.open(agent), await port.open(agent)];
    const { reply } = await heldPoll(waiting);
    const { tenantId } = port.plane.tenant;
    await port.plane.database.control.forTenant(tenantId, (tx) => tx.change(setState, [tenantId, agent.answer.agent_id, 'revoked']));
    expect(await took(Promise.all([reply, waiting.closed]))).toBeLessThan(1_000);
    expect((await reply).body['code']).toBe('agent_revoked');
    await idle.closed;
  });

  test('it is one agent at every control plane of the cell: known there as soon as it has renewed here, and gone there when it is revoked here', async () => {
    const other = await startControlPlane(port.plane.config);
    try {
      const agent = await port.agent();
      const [here, there] = [await port.open(agent), await AgentClient.open(other.agentUrl!, port.ca_pem, agent)];
      expect([(await ping(here)).status, (await ping(there)).status]).toEqual([200, 200]);
      const renewed = { certificate_pem: (await here.renew(agent.key)).body['certificate_pem'] as string, key: agent.key };
      const next = await AgentClient.open(other.agentUrl!, port.ca_pem, renewed);
      const { reply } = await heldPoll(next);
      const ended = took(Promise.all([reply, next.closed, there.closed, here.closed]));
      await port.revoke(agent.answer.agent_id);
      expect((await reply).body['code']).toBe('agent_revoked');
      expect(await ended).toBeLessThan(1_000);
    } finally {
      await other.stop();
    }
  });

  test('a certificate that ends takes what waits and the connection with it', async () => {
    const agent = await port.agent();
    const endsAt = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 1_000);
    const ending = await port.certified(agent, { not_after: endsAt });
    const [waiting, idle] = [await port.open(ending), await port.open(ending)];
    expect((await ping(idle)).status).toBe(200);
    const { reply } = await heldPoll(waiting);
    expect((await reply).body['code']).toBe('agent_expired');
    expect(Math.abs(Date.now() - endsAt.getTime())).toBeLessThan(1_000);
    await Promise.all([waiting.closed, idle.closed]);
    expect(Date.now() - endsAt.getTime()).toBeLessThan(1_000);
  });

  test('the agents of a tenant that is not served any more are told so', async () => {
    const agent = await elsewhere.agent();
    const client = await elsewhere.open(agent);
    expect((await ping(client, elsewhere)).status).toBe(200);
    const { tenantId } = elsewhere.plane.tenant;
    await elsewhere.plane.database.control.forTenant(tenantId, (tx) => tx.change(suspendTenant, [tenantId, 'suspended']));
    await elsewhere.plane.restart();
    const again = await elsewhere.open(agent);
    expect((await ping(again, elsewhere)).body['code']).toBe('tenant_suspended');
    await again.closed;
    const stranger = await elsewhere.open(null);
    expect((await stranger.enrol('cs_enrol_x', newKey())).body['code']).toBe('enrolment_token_invalid');
    stranger.close();
    client.close();
    await elsewhere.plane.database.control.forTenant(tenantId, (tx) => tx.change(suspendTenant, [tenantId, 'active']));
    await elsewhere.plane.restart();
  });

  test('a process that stops ends what waits, with when to come again', async () => {
    const agent = await elsewhere.agent();
    const client = await elsewhere.open(agent);
    const { reply } = await heldPoll(client, elsewhere);
    await elsewhere.plane.restart();
    expect([(await reply).body['code'], (await reply).headers['retry-after']]).toEqual(['unavailable', '1']);
    await client.closed;
  });
});

describe('a request', () => {
  let client: AgentClient;
  beforeAll(async () => { client = await port.open(await port.agent()); });
  afterAll(() => client.close());

  test.each<[string, Parameters<AgentClient['ask']>, number, string]>([
    ['of another protocol', ['POST', AGENT_PATHS.poll, { json: pollOf(), headers: { 'countersign-protocol': '99' } }], 426, 'protocol_unsupported'],
    ['to where nothing is', ['GET', '/agent/v1/nothing'], 404, 'not_found'],
    ['with another method', ['GET', AGENT_PATHS.poll], 404, 'not_found'],
    ['that is no JSON', ['POST', AGENT_PATHS.poll, { body: '{' }], 400, 'json_invalid'],
    ['with a key that comes twice', ['POST', AGENT_PATHS.poll, { body: '{"a":1,"a":2}' }], 400, 'json_invalid'],
    ['of another type', ['POST', AGENT_PATHS.poll, { body: 'x', headers: { 'content-type': 'text/plain' } }], 415, 'media_type_unsupported'],
    ['that lacks what the protocol says', ['POST', AGENT_PATHS.poll, { json: {} }], 400, 'request_invalid'],
    ['that is too large', ['POST', AGENT_PATHS.poll, { body: `"${'x'.repeat(2 * 1024 * 1024)}"` }], 413, 'body_too_large'],
  ])('%s is refused, and the connection goes on', async (_, ask, status, code) => {
    const reply = await client.ask(...ask);
    expect([reply.status, reply.body['code'], reply.headers['content-type']]).toEqual([status, code, 'application/problem+json']);
    expect((await ping(client)).status).toBe(200);
  });
});

test('what no agent can mean is its mistake and not ours; what it says beside the protocol is not kept', async () => {
  const agent = await port.agent();
  const client = await port.open(agent);
  const poll = (changes: object): Promise<AgentReply> => client.ask('POST', AGENT_PATHS.poll, { json: { ...pollOf({ version: '0.1.0' }), ...changes } });
  for (const changes of [{ free: 2 ** 53 - 1 }, { protocol: 2 ** 32 }, { clock: '2026-99-01T00:00:00.000Z' }, { clock: '0000-01-01T00:00:00.000Z' }, { clock: '2026-01-01T25:00:00.000Z' }]) {
    expect(await poll(changes)).toMatchObject({ status: 400, body: { code: 'request_invalid' } });
  }
  const connection = { name: 'sn', connector: 'servicenow', package_digest: null };
  expect((await poll({ clock: '2026-02-30T00:00:00.000Z', connections: [{ ...connection, more: 'x'.repeat(1_000_000) }], policy: [], more: true })).status).toBe(200);
  const { body: { items } } = await port.plane.api('GET', '/api/v1/agents');
  expect((items as Array<{ id: string; presence: object | null }>).find(({ id }) => id === agent.answer.agent_id)!.presence).toMatchObject({ connections: [connection] });
  const [entry] = chained('e1', [said('agent.started', { version: '0.1.0' })], '2026-02-30T00:00:00.000Z');
  expect((await client.ask('POST', AGENT_PATHS.deliver, { json: deliveryOf('e1', [entry!], 1, 1) })).status).toBe(200);
  client.close();
});
