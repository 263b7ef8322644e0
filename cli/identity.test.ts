/** The commands about people, machines, roles and keys, against an API that answers as ours does. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

let server: Server;
let asked: Array<{ what: string; body: unknown }> = [];
const answers: Record<string, { status: number; body: unknown }> = {
  'POST /api/v1/api-keys': { status: 201, body: { id: 'key_1', name: 'laptop', key: 'cs_key_secret' } },
  'GET /api/v1/people': { status: 200, body: { items: [{ id: 'prn_1', display_name: 'Dana', email: 'dana@acme.example', state: 'active', roles: [{ workspace_id: 'wsp_1', role: 'approver', source: 'group' }], last_seen_at: null }], next_cursor: null } },
  'POST /api/v1/role-assignments': { status: 409, body: { code: 'second_person_required', detail: 'Somebody else has to agree.', change_request_id: 'chg_1', request_id: 'req_1' } },
  'POST /api/v1/change-requests/chg%2F1/approve': { status: 200, body: { id: 'chg_1', state: 'failed', result: { code: 'policy_gate_exceeded', detail: 'The gate holds it back.' } } },
  'GET /api/v1/agent-pools': { status: 200, body: { items: [{ id: 'apl_1', name: 'fra', environment: 'prod' }, { id: 'apl_2', name: 'fra', environment: 'dev' }, { id: 'apl_3', name: 'ber', environment: 'dev' }] } },
  'POST /api/v1/agent-tokens': { status: 201, body: { id: 'aet_1', pool: 'fra', token: 'cs_enrol_secret', expires_at: '2026-11-21T12:10:00.000Z' } },
  'GET /api/v1/agents': { status: 200, body: { items: [
    {
      id: 'agt_1', pool: 'fra', environment: 'prod', state: 'active', agent_version: '0.3.0', certificate_expires_at: '2026-11-21T13:00:00.000Z', alarms: [{ kind: 'order_refused', code: 'order_replayed', count: 2 }],
      presence: { seen_at: '2026-11-21T12:00:00.000Z', is_lost: true, capacity: 8, under_way: 3, policy: { state: 'stale', seq: 4, served_seq: 6 }, spool: { state: 'open', waiting: 12 } },
    },
    { id: 'agt_2', pool: 'ber', environment: 'dev', state: 'draining', agent_version: '0.3.0', certificate_expires_at: '2026-11-21T13:00:00.000Z', alarms: [], presence: null },
  ] } },
  'POST /api/v1/agent-rollouts': { status: 201, body: { id: 'aro_1', pool: 'fra', version: '0.2.0', shares: [50, 100], state: 'running' } },
  'DELETE /api/v1/sessions/ses_1': { status: 204, body: null },
};

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      asked.push({ what: `${request.method} ${request.url}`, body: text === '' ? null : JSON.parse(text) });
      const { status, body } = answers[`${request.method} ${request.url?.split('?')[0]}`] ?? { status: 404, body: { code: 'not_found', detail: 'There is no such thing.', request_id: 'req_1' } };
      response.writeHead(status, { 'content-type': 'application/json' }).end(body === null ? undefined : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
});
afterAll(() => new Promise((resolve) => { server.close(resolve); }));
beforeEach(() => { asked = []; });

function countersign(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { env: { COUNTERSIGN_URL: url, COUNTERSIGN_API_KEY: 'key' } }, (error, stdout, stderr) => resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }));
  });
}

it('a value that is shown once is alone on stdout', async () => {
  const { code, stdout, stderr } = await countersign('api-keys', 'make', 'laptop', '--scope', 'runs:read', '--scope', 'audit:read');
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'cs_key_secret\n' });
  expect(stderr).toContain('laptop (key_1) is made. It is shown this one time.');
  expect(asked).toEqual([{ what: 'POST /api/v1/api-keys', body: { name: 'laptop', scopes: ['runs:read', 'audit:read'] } }]);
});

it('a list is a table for people, and the answer itself with --json', async () => {
  expect((await countersign('people', 'list', '--search', 'da na')).stdout).toMatch(/^PERSON +NAME .*\nprn_1 +Dana +dana@acme.example +active +approver@wsp_1/);
  expect(asked[0]?.what).toBe('GET /api/v1/people?limit=200&q=da+na');
  expect(JSON.parse((await countersign('people', 'list', '--json')).stdout)).toEqual(answers['GET /api/v1/people']?.body);
});

it('what takes a second person ends with 1 and names the change', async () => {
  const { code, stderr } = await countersign('roles', 'give', 'prn_1', 'admin');
  expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('chg_1') });
});

it('a change that was refused when it was carried out ends with 1; parts of paths are escaped', async () => {
  const { code, stderr } = await countersign('changes', 'approve', 'chg/1', '--digest', 'sha256:1');
  expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('policy_gate_exceeded') });
});

it('an answer without a body is done; a reason that is missing ends with 2 before anything is asked', async () => {
  expect(await countersign('sessions', 'end', 'ses_1')).toMatchObject({ code: 0, stdout: '' });
  asked = [];
  expect(await countersign('keys', 'revoke', 'kid_1', '--since', '2026-11-20T00:00:00Z')).toMatchObject({ code: 2, stderr: expect.stringContaining('--reason') });
  expect(asked).toEqual([]);
});

it('a release is given to a pool by its signature', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'rollout-'));
  const file = path.join(folder, 'agent.dsse');
  await writeFile(file, '{"payload":"e30="}');
  expect(await countersign('agent-rollouts', 'begin', 'ber', file, '--shares', '50,100', '--stage', '5m', '--reason', 'Next')).toMatchObject({ code: 0, stderr: expect.stringContaining('aro_1 gives fra version 0.2.0, 50 %, then 100 %.') as string });
  expect(asked[1]).toEqual({ what: 'POST /api/v1/agent-rollouts', body: { pool_id: 'apl_3', signature: { payload: 'e30=' }, reason: 'Next', shares: [50, 100], stage_min_s: 300 } });
  expect(await countersign('agent-rollouts', 'begin', 'ber', path.join(folder, 'none'), '--reason', 'Next')).toMatchObject({ code: 2 });
  await rm(folder, { recursive: true });
});

it('an agent\'s token is alone on stdout; a pool is meant by its id, by its name where that is the only one, or by environment and name', async () => {
  const { code, stdout, stderr } = await countersign('agents', 'token', 'prod/fra');
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'cs_enrol_secret\n' });
  expect(stderr).toContain('aet_1 enrols one agent into fra until');
  expect(asked[1]).toEqual({ what: 'POST /api/v1/agent-tokens', body: { pool_id: 'apl_1' } });
  expect(await countersign('agents', 'token', 'fra')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('write prod/fra or dev/fra') as string });
});

it('a list of agents says which are lost, how old their policy is, what waits in their spools and what is alarmed', async () => {
  const { stdout } = await countersign('agents', 'list', '--pool', 'ber', '--revoked');
  expect(asked[1]?.what).toBe('GET /api/v1/agents?pool_id=apl_3&revoked=true');
  expect(stdout).toMatch(/agt_1 +prod\/fra +active, lost +0\.3\.0 +.* ago +3\/8 +stale 4 of 6 +open, 12 waiting +2026-11-21T13:00:00\.000Z +order_refused \(order_replayed\) x2\nagt_2 +dev\/ber +draining, never heard of +0\.3\.0/);
});
