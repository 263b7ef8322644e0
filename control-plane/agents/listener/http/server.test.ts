import { createPublicKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AGENT_PATHS } from '@countersign/contracts/agent/protocol.ts';
import type { CertificateAuthority } from '@countersign/platform/certificates/authority.ts';
import { openFileAuthority } from '@countersign/platform/certificates/file-authority.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { createLogger } from '@countersign/platform/log/logger.ts';
import { Database } from '@countersign/platform/postgres/database.ts';
import { agentCertificate } from '../../identity/certificate.ts';
import { AgentClient, newKey } from '../../testing/agent-client.ts';
import { Admission } from '../admission.ts';
import { AgentServer } from './server.ts';
import type { AgentServerOptions } from './server.ts';

const DAY_MS = 24 * 3_600_000;
let folder: string;
let authority: CertificateAuthority;
let now: Date;
let server: AgentServer;
/** Nobody listens there: what needs the database is refused. */
const database = new Database({ url: 'postgres://nobody@127.0.0.1:1/none', applicationName: 'test' });

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'agent-server-'));
  now = new Date();
  authority = await openFileAuthority(folder, 'Cell', now);
});
afterEach(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function start(hostname: string, options: Partial<AgentServerOptions> = {}): Promise<void> {
  const clock = { now: () => now };
  const admission = new Admission({ database, clock, tenantStates: { refuseUnlessServed: () => Promise.reject(new ApiError('unavailable', 'not asked')) }, cell: 'local' });
  server = await AgentServer.start({ clock, log: createLogger('test', 'silent'), authority, admission, routes: [], enrol: () => Promise.reject(new ApiError('enrolment_token_invalid', 'none')) }, { host: '127.0.0.1', port: 0, hostname, ...options });
}

const open = (): Promise<AgentClient> => AgentClient.open(`https://127.0.0.1:${server.port}`, authority.certificate_pem, null);
const serialOn = ({ socket }: AgentClient): string => new X509Certificate(socket.getPeerCertificate().raw).serialNumber;

test('its own certificate is followed by another half way, without a connection lost', async () => {
  const today = now;
  now = new Date(today.getTime() - 15 * DAY_MS);
  await start('localhost');
  const before = await open();
  now = new Date(today.getTime() - 1);
  expect(await server.renewWhenDue()).toBe(false);
  now = today;
  expect(await server.renewWhenDue()).toBe(true);
  expect(await server.renewWhenDue()).toBe(false);
  const after = await open();
  expect(serialOn(after)).not.toBe(serialOn(before));
  for (const client of [before, after]) {
    expect((await client.enrol('x', newKey())).body['code']).toBe('enrolment_token_invalid');
    client.close();
  }
});

test.each([['localhost', 'DNS:localhost'], ['agents.example', 'DNS:agents.example'], ['127.0.0.1', 'IP Address:127.0.0.1'], ['[::1]', 'IP Address:0:0:0:0:0:0:0:1']])('its certificate is for the host that agents dial: %s', async (hostname, name) => {
  await start(hostname);
  const client = await AgentClient.open(`https://127.0.0.1:${server.port}`, authority.certificate_pem, null, { checkServerIdentity: () => undefined });
  const certificate = new X509Certificate(client.socket.getPeerCertificate().raw);
  expect(certificate.subjectAltName).toBe(name);
  expect([certificate.validFromDate.getTime() < now.getTime() - 23 * 3_600_000, Math.round((certificate.validToDate.getTime() - now.getTime()) / DAY_MS)]).toEqual([true, 30]);
  // The authority comes with it, so that it can be compared with what a token pins.
  expect(client.socket.getPeerCertificate(true).issuerCertificate.raw.equals(new X509Certificate(authority.certificate_pem).raw)).toBe(true);
  client.close();
});

/** An agent with a certificate, which connects. */
async function certified(): Promise<() => Promise<AgentClient>> {
  const key = newKey();
  const name = { cell: 'local', tenant_id: newId('tenant'), environment_id: newId('environment'), pool_id: newId('agent_pool'), agent_id: newId('agent') };
  const { pem } = await agentCertificate(authority, name, createPublicKey(key).export({ type: 'spki', format: 'der' }), now, 3_600);
  return () => AgentClient.open(`https://127.0.0.1:${server.port}`, authority.certificate_pem, { certificate_pem: pem, key });
}

test('an agent has a few connections, and the oldest goes for the newest', async () => {
  await start('localhost');
  const connect = await certified();
  const clients: AgentClient[] = [];
  for (let count = 0; count < 5; count += 1) clients.push(await connect());
  await clients[0]!.closed;
  expect(clients.map(({ isOpen }) => isOpen)).toEqual([false, ...Array.from({ length: 4 }, () => true)]);
  for (const client of clients) client.close();
});

test('whoever connects and says nothing does not hold up the end', async () => {
  await start('localhost');
  const silent = connectTcp(server.port, '127.0.0.1');
  await once(silent, 'connect');
  const closed = once(silent, 'close');
  const began = performance.now();
  await Promise.all([server.stop(), closed]);
  expect(performance.now() - began).toBeLessThan(5_000);
  await start('localhost');
});

test('of those without a certificate so many are let in and no more', async () => {
  await start('localhost', { maxStrangers: 3 });
  const strangers = await Promise.all(Array.from({ length: 5 }, () => open()));
  const isLetIn = await Promise.all(strangers.map((client) => client.enrol('x', newKey()).then(({ status }) => status === 401, () => false)));
  expect(isLetIn.filter(Boolean)).toHaveLength(3);
  for (const client of strangers) client.close();
});

test('an agent that asks without end is told to wait, and the others are not', async () => {
  await start('localhost', { requests: { burst: 2, refill_ms: 1_000 } });
  const [one, other] = await Promise.all([await certified(), await certified()].map((connect) => connect()));
  const ask = async (client: AgentClient): Promise<unknown> => (await client.ask('GET', `${AGENT_PATHS.policy}/x`)).body['code'];
  // Nobody is found where no database is: that is what who is let through is told.
  expect([await ask(one!), await ask(one!), await ask(one!), await ask(other!)]).toEqual(['unavailable', 'unavailable', 'rate_limited', 'unavailable']);
  now = new Date(now.getTime() + 1_000);
  expect(await ask(one!)).toBe('unavailable');
  for (const client of [one!, other!]) client.close();
});

test('of those who connect and say nothing so many are kept and no more, and they keep nobody out', async () => {
  await start('localhost', { maxSilent: 2 });
  const client = await open();
  const silent = Array.from({ length: 4 }, () => connectTcp(server.port, '127.0.0.1'));
  await Promise.all(silent.map((socket) => once(socket, 'connect')));
  await expect.poll(() => silent.filter(({ destroyed }) => !destroyed)).toHaveLength(2);
  const next = await open();
  expect(await Promise.all([client, next].map(async (one) => (await one.enrol('x', newKey())).status))).toEqual([401, 401]);
  for (const one of [client, next]) one.close();
  for (const socket of silent) socket.destroy();
});
