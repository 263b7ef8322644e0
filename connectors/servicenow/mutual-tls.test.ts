import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { request } from 'node:https';
import { fixedPolicy, instanceOf, testGateway } from '../gateway/testing/test-gateway.ts';
import { testIdentity } from '../gateway/testing/identities.ts';
import type { TestGateway } from '../gateway/testing/test-gateway.ts';
import { DIRECT_CONNECTION } from '../gateway/ports.ts';
import type { CallResult, ConnectionSettings, CredentialValue } from '../gateway/ports.ts';
import { servicenow } from './connector.ts';
import { NO_JOURNAL_USER } from './sandbox/accounts.ts';
import { startSandbox } from './sandbox/server.ts';
import type { RunningSandbox } from './sandbox/server.ts';

const BASIC: CredentialValue = { kind: 'basic', username: 'countersign.integration', password: 'sandbox-integration' };
const GET = 'servicenow/incident.get';

let required: RunningSandbox;
let optional: RunningSandbox;
const open: TestGateway[] = [];

beforeAll(async () => {
  [required, optional] = await Promise.all([startSandbox({ incidents: 20, tls: 'required' }), startSandbox({ incidents: 20, tls: 'optional' })]);
});
afterAll(() => Promise.all([required.stop(), optional.stop()]));
afterEach(() => Promise.all(open.splice(0).map(({ gateway }) => gateway.close())));

const certificateOf = (sandbox: RunningSandbox): CredentialValue => ({ kind: 'client_certificate', ...sandbox.certificates!.client });
const somebody = (sandbox: RunningSandbox): string => sandbox.store.rows('incident')[0]!['sys_id']!;

/** A gateway to `sandbox` that trusts its authority; `credentials` by id. */
function connect(sandbox: RunningSandbox, credentialId: string | null, connection: Partial<ConnectionSettings>, credentials: Readonly<Record<string, CredentialValue>>): TestGateway {
  const made = testGateway({
    connectors: [servicenow], pdp: fixedPolicy(() => ({ outcome: 'ALLOW' })), credentials,
    instances: [instanceOf(servicenow, {
      baseUrl: sandbox.url, allowedHosts: [new URL(sandbox.url).host], credentialId,
      connection: { ...DIRECT_CONNECTION, caPem: sandbox.certificates!.caPem, ...connection },
    })],
  });
  open.push(made);
  return made;
}

async function errorOf(world: TestGateway, sandbox: RunningSandbox): Promise<Extract<CallResult, { kind: 'failed' }>['error']> {
  const result = await world.call(testIdentity(), GET, { sys_id: somebody(sandbox) });
  expect(result.kind).toBe('failed');
  return (result as Extract<CallResult, { kind: 'failed' }>).error;
}

describe('mutual TLS, by a handshake with the sandbox', () => {
  test('a client certificate alone signs in as the user that it names', async () => {
    for (const sandbox of [required, optional]) {
      const world = connect(sandbox, 'cred_certificate', {}, { cred_certificate: certificateOf(sandbox) });
      const sysId = somebody(sandbox);
      expect(await world.call(testIdentity(), GET, { sys_id: sysId })).toMatchObject({ kind: 'succeeded', output: { sys_id: sysId } });
      const note = await world.call(testIdentity(), 'servicenow/incident.add-work-note', { sys_id: await raised(sandbox), work_note: 'By certificate.' });
      expect(note).toMatchObject({ kind: 'succeeded' });
      expect(sandbox.store.rows('sys_journal_field').at(-1)).toMatchObject({ sys_created_by: 'countersign.integration', value: expect.stringContaining('By certificate.') });
    }
  });

  test('and so it does beside a password, when the connection names it', async () => {
    const other: CredentialValue = { kind: 'basic', username: NO_JOURNAL_USER, password: 'sandbox-integration' };
    const world = connect(required, 'cred_basic', { clientCertificateId: 'cred_certificate' }, { cred_basic: other, cred_certificate: certificateOf(required) });
    expect(await world.call(testIdentity(), 'servicenow/incident.add-work-note', { sys_id: await raised(required), work_note: 'By password.' })).toMatchObject({ kind: 'succeeded' });
    expect(required.store.rows('sys_journal_field').at(-1)).toMatchObject({ sys_created_by: NO_JOURNAL_USER, value: expect.stringContaining('By password.') });
  });

  test('without a certificate, or with another authority\'s, there is no way in', async () => {
    const none = await errorOf(connect(required, 'cred_basic', {}, { cred_basic: BASIC }), required);
    expect(none.retryable === false || none.code === 'peer_connection_lost').toBe(true);
    const stranger = connect(required, 'cred_certificate', {}, { cred_certificate: certificateOf(optional) });
    await errorOf(stranger, required);
    // Where it is optional the handshake passes, but nobody is signed in by a certificate of somebody else's.
    expect(await errorOf(connect(optional, 'cred_certificate', {}, { cred_certificate: certificateOf(required) }), optional)).toMatchObject({ code: 'peer_unauthenticated' });
  });

  test('an instance whose authority is not ours is not spoken to', async () => {
    const world = connect(required, 'cred_certificate', { caPem: optional.certificates!.caPem }, { cred_certificate: certificateOf(required) });
    expect(await errorOf(world, required)).toMatchObject({ code: 'peer_unavailable', message: expect.stringMatching(/certificate/i) });
  });

  test('the name in a certificate that ended counts for nothing', async () => {
    const later = await startSandbox({ incidents: 5, tls: 'optional', now: () => new Date(Date.now() + 40 * 24 * 3_600_000) });
    try {
      expect(await errorOf(connect(later, 'cred_certificate', {}, { cred_certificate: certificateOf(later) }), later)).toMatchObject({ code: 'peer_unauthenticated' });
    } finally {
      await later.stop();
    }
  });
});

/** A new incident, raised over TLS by the control API. */
function raised(sandbox: RunningSandbox): Promise<string> {
  const { caPem, client } = sandbox.certificates!;
  return new Promise((resolve, reject) => {
    const sending = request(`${sandbox.url}/sandbox/tickets`, {
      method: 'POST', ca: caPem, cert: client.certificatePem, key: client.privateKeyPem, auth: 'admin:sandbox-admin', headers: { 'content-type': 'application/json' },
    }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => { text += chunk.toString('utf8'); });
      response.on('end', () => resolve((JSON.parse(text) as { tickets: Array<{ sys_id: string }> }).tickets[0]!.sys_id));
    });
    sending.on('error', reject).end('{"count":1}');
  });
}
