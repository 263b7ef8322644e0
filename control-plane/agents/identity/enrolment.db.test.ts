import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readEnrolmentToken, writeEnrolmentToken } from '@countersign/contracts/agent/enrolment-token.ts';
import { openedEnvelope } from '@countersign/contracts/evidence/dsse-verify.ts';
import { AGENT_KEY_PURPOSES, KEY_SET_PAYLOAD } from '@countersign/contracts/agent/key-set.ts';
import type { CertificateSigner } from '@countersign/platform/certificates/issue.ts';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { KeysError } from '@countersign/platform/keys/keys.ts';
import { createLogger } from '@countersign/platform/log/logger.ts';
import { RateLimit } from '../../cell/rate-limit.ts';
import { Notifier } from '../../live/notifier.ts';
import { addPool, AgentPort } from '../testing/agent-port.ts';
import { AgentClient, enrolled, enrolRequest, newKey } from '../testing/agent-client.ts';
import type { AgentReply } from '../testing/agent-client.ts';
import { expireTokens } from '../testing/queries.ts';
import { Enrolment } from './enrolment.ts';
import { ReusedTokens } from './reused-tokens.ts';

let port: AgentPort;
beforeAll(async () => { port = await AgentPort.start(); });
afterAll(() => port.stop());

async function tried(token: string, as: Parameters<AgentPort['open']>[0] = null): Promise<AgentReply> {
  const client = await port.open(as);
  try {
    return await client.enrol(token, newKey());
  } finally {
    client.close();
  }
}

const events = async (type: string): Promise<Array<{ subject: { id: string }; data: Record<string, unknown> }>> => (await port.plane.auditEvents()).filter((event) => event.type === type);

test('whoever holds a token becomes an agent of its pool, with a certificate for an hour and nothing but its name in it', async () => {
  const { answer } = await port.agent();
  const { tenantId, workspaceId, environmentId } = port.plane.tenant;
  expect(answer).toMatchObject({ tenant: { id: tenantId, slug: 'local' }, workspace: { id: workspaceId }, environment: { id: environmentId, name: 'prod' }, pool: 'onprem', policy_scope: environmentId, ca_pem: port.ca_pem });
  const certificate = new X509Certificate(answer.certificate_pem);
  expect(certificate.subjectAltName).toBe(`URI:spiffe://local.countersign/tenant/${tenantId}/environment/${environmentId}/pool/${port.poolId}/agent/${answer.agent_id}`);
  expect(Math.round((certificate.validToDate.getTime() - Date.now()) / 60_000)).toBe(60);
  const keys = JSON.parse(Buffer.from(openedEnvelope(answer.key_set, KEY_SET_PAYLOAD)!.payload).toString('utf8')) as { keys: Array<{ purpose: string }> };
  expect(keys.keys.map(({ purpose }) => purpose).sort()).toEqual([...AGENT_KEY_PURPOSES].sort());
  const [enrolment] = (await events('agent.enrolled')).filter(({ subject }) => subject.id === answer.agent_id);
  expect(enrolment?.data).toMatchObject({ agent_id: answer.agent_id, pool: 'onprem', environment: 'prod', certificate_serial: certificate.serialNumber.toLowerCase(), not_after: certificate.validToDate.toISOString() });
});

test('of 50 that use a token at once one is certified, the others are an alarm, and the one takes no work until a person has looked', async () => {
  const before = (await port.agents()).length;
  const token = await port.token();
  const clients = await Promise.all(Array.from({ length: 50 }, () => AgentClient.open(port.url, port.ca_pem, null)));
  const replies = await Promise.all(clients.map((client) => client.enrol(token, newKey())));
  for (const client of clients) client.close();
  expect(replies.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(replies.filter(({ status, body }) => status === 401 && body['code'] === 'enrolment_token_used')).toHaveLength(49);
  const agents = await port.agents();
  expect(agents).toHaveLength(before + 1);
  const { agent_id } = replies.find(({ status }) => status === 201)!.body as { agent_id: string };
  expect(agents.find(({ id }) => id === agent_id)).toMatchObject({ state: 'draining', state_reason: 'token_reused' });
  expect((await events('agent.draining')).filter(({ subject }) => subject.id === agent_id)).toMatchObject([{ data: { because: 'token_reused', was_state: 'active' } }]);
  const alarms = (await events('agent.token_reused')).filter(({ data }) => data['agent_id'] === agent_id);
  expect(alarms.length).toBeGreaterThanOrEqual(1);
  expect(alarms.length).toBeLessThan(49);
  expect((await port.tokens.list(await port.admin())).find(({ used_by_agent }) => used_by_agent === agent_id)).toMatchObject({ state: 'reused', uses: 50 });
});

test('a token that is unknown, expired, revoked, changed or another tenant\'s is refused in the same words, and enrols nobody', async () => {
  const before = await port.agents();
  const admin = await port.admin();
  const parts = (text: string): NonNullable<ReturnType<typeof readEnrolmentToken>> => readEnrolmentToken(text)!;
  const expired = await port.token();
  await port.plane.database.control.forTenant(admin.tenantId, (tx) => tx.change(expireTokens, [admin.tenantId, parts(expired).id]));
  const revoked = await port.token();
  await port.tokens.revoke(admin, parts(revoked).id);
  const other = await port.plane.otherTenant();
  const { token: foreign } = await port.tokens.create(await port.admin(other), await addPool(port.plane, other, 'elsewhere'));
  const good = parts(await port.token());
  const refused: Record<string, string> = {
    expired, revoked,
    'unknown id': writeEnrolmentToken({ ...good, id: newId('enrolment_token') }),
    'another secret': writeEnrolmentToken({ ...good, secret: parts(expired).secret }),
    'the tenant of another': writeEnrolmentToken({ ...parts(foreign), tenant_id: good.tenant_id }),
    'for another tenant': writeEnrolmentToken({ ...good, tenant_id: other.tenantId }),
    'of no tenant': writeEnrolmentToken({ ...good, tenant_id: newId('tenant') }),
    'none': 'cs_enrol_abc',
  };
  for (const [what, token] of Object.entries(refused)) {
    const { status, body } = await tried(token);
    expect([status, { ...body, request_id: '' }], what).toEqual([401, {
      type: 'https://countersign.dev/errors/enrolment_token_invalid', title: 'The enrolment token is not valid', status: 401, code: 'enrolment_token_invalid', instance: '/agent/v1/enrol', request_id: '',
      detail: 'The token is not valid here. It works once and for ten minutes; get another one.',
    }]);
  }
  expect(await port.agents()).toEqual(before);
  expect(await port.agents(other.tenantId)).toEqual([]);
  expect((await tried(writeEnrolmentToken(good))).status).toBe(201);
});

test('a token is not used up by a request that is none', async () => {
  const token = await port.token();
  const client = await port.open(null);
  const key = newKey();
  expect((await client.enrol(token, key, { protocol: 99 })).body['code']).toBe('protocol_unsupported');
  expect((await client.enrol(token, key, { csr_pem: '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----' })).body).toMatchObject({ code: 'request_invalid', errors: [{ field: '/csr_pem' }] });
  expect((await client.enrol(token, key, { encryption_jwk: { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) } })).body).toMatchObject({ code: 'request_invalid', errors: [{ field: '/encryption_jwk' }] });
  expect((await client.enrol(token, key, { capacity: 0 })).body).toMatchObject({ code: 'request_invalid', errors: [{ field: '/capacity' }] });
  expect((await client.enrol(token, key)).status).toBe(201);
  client.close();
});

test('a token is not used up where nobody can sign, either', async () => {
  const token = await port.token();
  const before = await port.agents();
  const away: CertificateSigner = { publicKey: port.authority.signer.publicKey, sign: () => Promise.reject(new KeysError('kek_unreachable', 'KMS does not answer')) };
  const { database, config, keys } = port.plane;
  const never = new RateLimit(systemClock, { burst: 100, refill_ms: 1 });
  const log = createLogger('test', 'silent');
  const enrolment = new Enrolment({
    database: database.control, keys, clock: systemClock, authority: { ...port.authority, signer: away }, cell: config.cell, certificate_s: 3_600, attempts: never,
    tenantStates: { refuseUnlessServed: async () => undefined }, reused: new ReusedTokens({ database: database.control, clock: systemClock, notifier: new Notifier(database.control, log), refusals: never, alarmed: () => undefined }),
  });
  const request = enrolRequest(newKey());
  await expect(enrolment.enrol(`Enrolment ${token}`, async () => request, { address: 'here', presented: { kind: 'none' } })).rejects.toMatchObject({ code: 'kek_unreachable' });
  expect(await port.agents()).toEqual(before);
  expect((await tried(token)).status).toBe(201);
});

test('whoever shows the last certificate of an agent with a new token is that agent again, even where the certificate has ended', async () => {
  const agent = await port.agent();
  const { agent_id } = agent.answer;
  const ended = await port.certified(agent, { not_after: new Date(Date.now() - 1_000) });
  const again = await tried(await port.token(), ended);
  expect([again.status, again.body['agent_id']]).toEqual([201, agent_id]);
  const serial = new X509Certificate(again.body['certificate_pem'] as string).serialNumber.toLowerCase();
  expect((await port.agents()).find(({ id }) => id === agent_id)).toMatchObject({ state: 'active', certificate_serial: serial, previous_serial: null });
  expect((await events('agent.enrolled')).filter(({ subject }) => subject.id === agent_id).map(({ data }) => typeof data['replaces'])).toEqual(['undefined', 'string']);
});

test('whoever shows a certificate that the agent has no more, of a revoked agent, of another pool or of another authority is a new agent', async () => {
  const agent = await port.agent();
  const past = new Date(Date.now() - 1_000);
  const isNew = async (what: string, token: string, shown: Parameters<typeof tried>[1]): Promise<void> => {
    const { status, body } = await tried(token, shown);
    expect([status, body['agent_id'] === agent.answer.agent_id], what).toEqual([201, false]);
  };
  await isNew('a serial that is not on record', await port.token(), await port.certified(agent, { not_after: past, isOnRecord: false }));
  const foreign = await AgentPort.start();
  await isNew('another authority', await port.token(), await port.certified(agent, { not_after: past, authority: { ...foreign.authority, name: port.authority.name } }));
  await foreign.stop();
  const { token } = await port.tokens.create(await port.admin(), await addPool(port.plane, port.plane.tenant, 'other-pool'));
  await isNew('another pool', token, await port.certified(agent, { not_after: past }));
  await port.revoke(agent.answer.agent_id);
  await isNew('a revoked agent', await port.token(), await port.certified(agent, { not_after: past }));
});

test('tokens are made for pools of the workspace alone, and a cell without an agent port, or none yet, makes none; whoever guesses is slowed down', async () => {
  const other = await port.plane.otherTenant();
  await expect(port.tokens.create(await port.admin(other), port.poolId)).rejects.toMatchObject({ code: 'not_found' });
  await expect(port.tokens.revoke(await port.admin(), newId('enrolment_token'))).rejects.toMatchObject({ code: 'not_found' });
  await port.plane.restart({ agents: null });
  expect(port.plane.agentUrl).toBe('');
  const made = (): ReturnType<typeof port.plane.api> => port.plane.api('POST', '/api/v1/agent-tokens', { json: { pool_id: port.poolId } });
  expect((await made()).body['code']).toBe('agents_not_configured');
  await port.plane.restart({ agents: { ...port.plane.config.agents!, authority: { kind: 'aws-kms', keyId: 'k', endpoint: 'http://127.0.0.1:1', region: null } } });
  expect([port.plane.agentUrl, (await made()).body['code']]).toEqual(['', 'unavailable']);
  await port.plane.restart({ requestRates: { ...port.plane.config.requestRates, address_per_minute: 2 } });
  expect([await tried('x'), await tried('x'), await tried('x')].map(({ status }) => status)).toEqual([401, 401, 429]);
  await port.plane.restart();
  expect((await enrolled(port.url, port.ca_pem, await port.token())).answer.pool).toBe('onprem');
});
