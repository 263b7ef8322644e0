import { generateKeyPairSync, hash, X509Certificate } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { writeEnrolmentToken } from '@countersign/contracts/agent/enrolment-token.ts';
import type { EnrolRequest } from '@countersign/contracts/agent/protocol.ts';
import { readSpiffeId, spiffeIdOf } from '@countersign/contracts/agent/spiffe-id.ts';
import { issueCertificate, publicKeyOfRequest } from '@countersign/platform/certificates/issue.ts';
import { CELL_KEY, id, keySet, SELF, signedKeySet, signingPair } from '../orders/testing/orders.ts';
import { CellConnection } from '../session/cell-connection.ts';
import { openForTest } from '../spool/testing/open-for-test.ts';
import { TlsCell } from '../session/testing/tls-cell.ts';
import { enrol } from './enrol.ts';
import type { EnrolOptions } from './enrol.ts';
import { HeldIdentity } from './held-identity.ts';
import { loadEnrolment } from './identity.ts';
import { isExpired, renew, renewalTime } from './renew.ts';
import { putSpoolAside } from './spool-aside.ts';

const SPIFFE = spiffeIdOf({ cell: 'cell-1', tenant_id: SELF.tenant_id, environment_id: SELF.environment_id, pool_id: id('apl', 'p'), agent_id: SELF.agent_id });
let cell: TlsCell;
let state_dir: string;
/** What the cell answers in place of what is right. */
let lies: Record<string, unknown> = {};
let forKey: Uint8Array | undefined;
/** Whom the cell takes whoever asks for. */
let named = SPIFFE;
const asked: Array<{ readonly path: string; readonly authorization: string | undefined; readonly authorized: boolean }> = [];

beforeAll(async () => {
  cell = await TlsCell.start((request, response) => void answer(request, response));
});
afterAll(() => cell.stop());
beforeEach(() => {
  state_dir = join(mkdtempSync(join(tmpdir(), 'agent-')), 'state');
  lies = {};
  forKey = undefined;
  named = SPIFFE;
  asked.length = 0;
});

async function answer(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { csr_pem } = JSON.parse(Buffer.concat(chunks).toString()) as EnrolRequest;
  asked.push({ path: request.url, authorization: request.headers.authorization, authorized: (request.socket as { authorized?: boolean }).authorized === true });
  const now = Date.now();
  const { pem } = await issueCertificate({ name: SELF.agent_id, use: 'client', publicKey: forKey ?? await publicKeyOfRequest(csr_pem), alternative_names: [{ type: 'url', value: named }], not_before: new Date(now - 60_000), not_after: new Date(now + 3_540_000) }, cell.authority.name, cell.authority.signer);
  const whole = {
    certificate_pem: pem, ca_pem: cell.authority.certificate_pem, server_time: new Date(now).toISOString(), agent_id: readSpiffeId(named)!.agent_id, spiffe_id: named, tenant: { id: SELF.tenant_id, slug: 'acme' },
    workspace: { id: SELF.workspace_id, slug: 'it' }, environment: { id: SELF.environment_id, name: 'prod' }, pool: 'onprem', policy_scope: SELF.environment_id, key_set: signedKeySet(keySet(1, [CELL_KEY]), CELL_KEY), more_than_the_agent_knows: 1, ...lies,
  };
  const { refuse } = lies as { refuse?: string };
  response.writeHead(refuse === undefined ? 201 : 401, { 'content-type': 'application/json' });
  response.end(JSON.stringify(refuse === undefined ? whole : { code: refuse, detail: 'The token was used.' }));
}

const caDigest = (): string => hash('sha256', new X509Certificate(cell.authority.certificate_pem).raw, 'hex');
const options = (changes: Partial<EnrolOptions> = {}): EnrolOptions => ({
  state_dir, proxy: null, about: { version: '0.1.0', platform: 'linux-x64', labels: {}, capacity: 8 },
  token: writeEnrolmentToken({ url: cell.url.origin, ca_sha256: caDigest(), tenant_id: SELF.tenant_id, id: id('aet', 'q'), secret: 'S'.repeat(42) + 'A' }), ...changes,
});

describe('an enrolment', () => {
  it('gives the machine an identity that only its user can read, and that a restart finds again', async () => {
    const identity = await enrol(options({ token: `\n${options().token}\n` }));
    expect(asked).toEqual([{ path: '/agent/v1/enrol', authorization: `Enrolment ${options().token}`, authorized: false }]);
    for (const name of readdirSync(state_dir)) expect(statSync(join(state_dir, name)).mode & 0o077, name).toBe(0);
    const loaded = await loadEnrolment(state_dir);
    expect(loaded.identity).toEqual(identity);
    expect(loaded.keys.signing.equals(loaded.keys.encryption)).toBe(false);
  });

  it.each<[string, () => Partial<EnrolOptions>, string]>([
    ['text that is no token', () => ({ token: 'cs_enrol_abc' }), 'token_invalid'],
    ['a token of another cell at this address', () => ({ token: writeEnrolmentToken({ url: cell.url.origin, ca_sha256: '0'.repeat(64), tenant_id: SELF.tenant_id, id: id('aet', 'q'), secret: 'S'.repeat(42) + 'A' }) }), 'cell_untrusted'],
  ])('with %s says nothing to the cell', async (_, changes, code) => {
    await expect(enrol(options(changes()))).rejects.toMatchObject({ code });
    expect(asked).toEqual([]);
  });

  it('is not made over another one', async () => {
    await enrol(options());
    await expect(enrol(options())).rejects.toMatchObject({ code: 'already_enrolled' });
    expect(asked).toHaveLength(1);
  });

  it('over another one, when that is wanted, shows its certificate: the same agent keeps what it has to deliver, and another begins anew', async () => {
    const first = await enrol(options());
    const { keys } = await loadEnrolment(state_dir);
    const spool = await openForTest(state_dir);
    await spool.append('agent.stopped', { reason: 'what waits' });
    await expect(putSpoolAside(state_dir, 'x')).rejects.toMatchObject({ code: 'spool_in_use' });
    spool.close();
    await enrol(options({ again: true }));
    expect(asked.map(({ authorized }) => authorized)).toEqual([false, true]);
    const again = await loadEnrolment(state_dir);
    expect([again.keys.signing.equals(keys.signing), again.keys.encryption.equals(keys.encryption), again.identity.agent_id]).toEqual([false, true, first.agent_id]);
    expect(readdirSync(state_dir)).toContain('spool.db');
    named = SPIFFE.replace(/agent\/.*/, `agent/${id('agt', 'z')}`);
    await enrol(options({ again: true }));
    const kept = readdirSync(state_dir).filter((name) => name.endsWith('.db') || name.includes('.db-'));
    expect(kept).toEqual([`spool-${first.agent_id}.db`]);
    renameSync(join(state_dir, kept[0]!), join(state_dir, 'spool.db'));
    const old = await openForTest(state_dir);
    expect(old.undelivered(10, 1e6).entries.map(({ body }) => body)).toEqual([{ reason: 'what waits' }]);
    old.close();
  });

  it.each<[string, () => void, string]>([
    ['refuses', () => { lies = { refuse: 'enrolment_token_used' }; }, 'cell_refused'],
    ['certifies another key', () => { forKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'der' }); }, 'enrolment_refused'],
    ['tells another name than it certifies', () => { lies = { spiffe_id: SPIFFE.replace(/agent\/.*/, `agent/${id('agt', 'z')}`) }; }, 'enrolment_refused'],
    ['tells another agent than it names', () => { lies = { agent_id: id('agt', 'z') }; }, 'enrolment_refused'],
    ['enrols it with another tenant', () => { lies = { tenant: { id: id('ten', 'v'), slug: 'x' } }; }, 'enrolment_refused'],
    ['gives keys that a stranger signed', () => { lies = { key_set: signedKeySet(keySet(1, [CELL_KEY]), signingPair('x')) }; }, 'enrolment_refused'],
    ['leaves out the pool', () => { lies = { pool: undefined }; }, 'answer_invalid'],
  ])('keeps nothing where the cell %s', async (_, lie, code) => {
    lie();
    await expect(enrol(options())).rejects.toMatchObject({ code });
    await expect(loadEnrolment(state_dir)).rejects.toMatchObject({ code: 'not_enrolled' });
  });
});

describe('an identity', () => {
  it('is renewed over a connection that the old certificate opened, with the same key', async () => {
    const identity = await enrol(options());
    const { keys } = await loadEnrolment(state_dir);
    const connection = await CellConnection.open({ url: cell.url, ca_pem: identity.ca_pem, proxy: null }, { certificate_pem: identity.certificate_pem, private_key_pem: keys.signing.export({ type: 'pkcs8', format: 'pem' }) as string });
    const held = new HeldIdentity(state_dir, identity);
    await Promise.all([renew(held, keys, connection), held.change({ key_set: { ...identity.key_set, seq: 2 } })]);
    const renewed = held.now;
    expect(asked.at(-1)).toMatchObject({ path: '/agent/v1/renew', authorized: true });
    expect(renewed.certificate_pem).not.toBe(identity.certificate_pem);
    expect(renewed.key_set.seq).toBe(2);
    expect((await loadEnrolment(state_dir)).identity).toEqual(renewed);
    forKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'der' });
    await expect(renew(held, keys, connection)).rejects.toMatchObject({ code: 'enrolment_refused' });
    expect((await loadEnrolment(state_dir)).identity).toEqual(renewed);
    connection.close();
  });

  it('is renewed at half of its life, a tenth earlier or later, and is over at its end', async () => {
    const { certificate_pem } = await enrol(options());
    const { validFromDate, validToDate } = new X509Certificate(certificate_pem);
    const share = (random: number): number => (renewalTime(certificate_pem, random).getTime() - validFromDate.getTime()) / (validToDate.getTime() - validFromDate.getTime());
    expect([share(0), share(0.5), share(1)].map((value) => Math.round(value * 100))).toEqual([40, 50, 60]);
    expect(isExpired({ certificate_pem }, new Date(validToDate.getTime() - 1))).toBe(false);
    expect(isExpired({ certificate_pem }, validToDate)).toBe(true);
  });

  it.each<[string, (folder: string) => void, string]>([
    ['no key', (folder) => rmSync(join(folder, 'agent.key')), 'identity_unusable'],
    ['a key that others can read', (folder) => chmodSync(join(folder, 'encryption.key'), 0o644), 'identity_unusable'],
    ['a folder that others can write', (folder) => chmodSync(folder, 0o770), 'identity_unusable'],
    ['another key', (folder) => writeFileSync(join(folder, 'agent.key'), generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' })), 'identity_unusable'],
    ['half of a file', (folder) => writeFileSync(join(folder, 'identity.json'), '{"agent_id":'), 'identity_unusable'],
    ['nothing', (folder) => rmSync(folder, { recursive: true }), 'not_enrolled'],
  ])('with %s is told to be unusable', async (_, damage, code) => {
    await enrol(options());
    damage(state_dir);
    await expect(loadEnrolment(state_dir)).rejects.toMatchObject({ code });
  });
});
