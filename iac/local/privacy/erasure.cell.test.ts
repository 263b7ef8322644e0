import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { textIn } from '@countersign/contracts/privacy/terms.ts';
import { SEALED_COLUMNS as SEALED_BY_CONTROL } from '@countersign/control-plane/keyring/sealed-columns.ts';
import { pastTriggers } from '@countersign/control-plane/tenant-move/repository-move.ts';
import { SEALED_COLUMNS as SEALED_BY_WORKERS } from '@countersign/execution-plane/keys/sealed-columns.ts';
import { openKeys } from '@countersign/platform/keys/open-keys.ts';
import { openObjects } from '@countersign/platform/objects/open-objects.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { Database } from '@countersign/platform/postgres/database.ts';
import type { CellState } from '../cell/data-folder.ts';
import { CellUnderTest, run } from '../testing/cell-under-test.ts';
import { eventually } from '../testing/api-of.ts';
import { contentsOf, search } from '../two-cells/cell-contents.ts';
import type { CellContents } from '../two-cells/cell-contents.ts';

/** One person in everything that a whole cell keeps, erased over its API; then every row, object and line of its logs is searched from outside, sealed texts too. */
const NAME = 'Quirina Zwetschgenbaum';
const EMAIL = 'quirina.zwetschgenbaum@example.com';
const SAID = [NAME, EMAIL];

let cell: CellUnderTest;
let state: CellState;
let tenantId: string;
let adminUrl: string;
let admin: Database;
let person: string;
let runId: string;

beforeAll(async () => {
  cell = await CellUnderTest.start(['--reconcile-seconds', '0']);
  state = await cell.state();
  tenantId = /^cs_key_(ten_[0-9a-z]{26})_/.exec(state.api_key)![1]!;
  const url = new URL(state.control_database_url);
  [url.username, url.password] = ['postgres', (await readFile(path.join(cell.dataDir, 'postgres.password'), 'utf8')).trim()];
  adminUrl = url.href;
  admin = new Database({ url: adminUrl, applicationName: 'test', maxConnections: 2 });
}, 120_000);
afterAll(async () => {
  await admin.close();
  await cell.dispose();
}, 60_000);

async function api<Body>(method: string, target: string, json?: unknown, type = 'application/json'): Promise<{ status: number; body: Body; bytes: Buffer }> {
  const response = await fetch(`${state.url}${target}`, { method, headers: { authorization: `Bearer ${state.api_key}`, ...(json === undefined ? {} : { 'content-type': type }) }, ...(json === undefined ? {} : { body: JSON.stringify(json) }) });
  const bytes = Buffer.from(await response.arrayBuffer());
  return { status: response.status, bytes, body: (response.headers.get('content-type') ?? '').includes('json') ? JSON.parse(bytes.toString('utf8')) as Body : undefined as Body };
}
const rows = <T extends object>(name: string, text: string, values: unknown[] = []): Promise<T[]> => admin.forNoTenant(async (tx) => {
  await tx.change(pastTriggers);
  return tx.rows<T>({ name: `test.${name}`, text }, values);
});
const everything = (): Promise<CellContents> => contentsOf(cell.dataDir, adminUrl);
const placesOf = (contents: CellContents): string[] => [...new Set(search(contents, SAID).map(({ place }) => place))].toSorted();

/** By the ways in which people get into a cell, where they are quick; by rows what a directory of Slack, a browser and a broken connector would leave. */
it('a person is in a ticket, its approval and write-back, comments, a session, the directory, a Slack link and a dead letter', async () => {
  const made = await api<{ id: string }>('POST', '/scim/v2/Users', { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: EMAIL, displayName: NAME, emails: [{ value: EMAIL, primary: true }], active: true }, 'application/scim+json');
  expect([made.status, made.body]).toMatchObject([201, { id: expect.stringMatching(/^prn_/) }]);
  person = made.body.id;

  const text = `The printer of ${NAME} (${EMAIL}) is on fire`;
  const raised = await fetch(`${state.sandbox_url}/api/now/v2/table/incident`, {
    method: 'POST', headers: { authorization: `Basic ${Buffer.from(`admin:${state.sandbox_admin_password}`).toString('base64')}`, 'content-type': 'application/json' }, body: JSON.stringify({ short_description: text, description: text }),
  });
  const subject = (await raised.json() as { result: { sys_id: string } }).result.sys_id;
  const approval = await eventually(async () => {
    const of = (await api<{ items: Array<{ id: string; subject: string | null }> }>('GET', '/api/v1/runs?limit=50')).body.items.find((item) => item.subject === subject);
    return of === undefined ? undefined : (await api<{ items: Array<{ id: string; run_id: string; action_digest: string }> }>('GET', '/api/v1/approvals?state=pending&limit=50')).body.items.find((item) => item.run_id === of.id);
  });
  runId = approval.run_id;
  expect((await api('POST', `/api/v1/approvals/${approval.id}/votes`, { decision: 'approve', action_digest: approval.action_digest, reason: `${NAME} has called twice` })).status).toBe(201);
  await eventually(async () => ((await api('GET', `/api/v1/runs/${runId}/evidence`)).status === 200 ? true : undefined));

  await rows('session', `INSERT INTO control.sessions (tenant_id, id, principal_id, auth_strength, secret_sha256, expires_at, user_agent) VALUES ($1, $2, $3, 'link', 'x', clock_timestamp() + interval '1 hour', $4)`, [tenantId, newId('session'), person, `Browser of ${NAME}`]);
  await rows('slack', 'INSERT INTO control.slack_links (tenant_id, installation, slack_user, slack_name, principal_id) VALUES ($1, $2, $3, $4, $5)', [tenantId, 'T1', 'U1', NAME, person]);
  await rows('dead_letter', `UPDATE execution.steps SET error = jsonb_build_object('code', 'connector_failed', 'message', $2::text) WHERE run_id = $1`, [runId, `No field for ${EMAIL}`]);
  await rows('label', 'UPDATE execution.runs SET subject_label = $2 WHERE id = $1', [runId, text]);

  await (await openObjects(state.objects)).put(`t/${tenantId}/evidence/${newId('run')}/${newId('evidence')}.zip`, Buffer.from(JSON.stringify({ work_notes: text })), { retainUntil: new Date(Date.now() + 86_400_000) });

  const found = placesOf(await everything());
  expect(found).toEqual(expect.arrayContaining(['rows control.approval_votes', 'rows control.principals', 'rows control.sessions', 'rows control.slack_links', 'rows execution.runs', 'rows execution.steps']));
  expect(await sealedAbout(), 'the ticket is sealed, and found with the keys of the cell').toEqual(expect.arrayContaining(['execution.contents.sealed', 'control.approvals.preview_sealed']));
}, 120_000);

/** The columns in which anything sealed says who it was, opened with the cell's own keys. */
async function sealedAbout(): Promise<string[]> {
  const ring = await openKeys(state.keys, { databaseUrl: adminUrl });
  const found = new Set<string>();
  try {
    for (const { table, column, purpose, key = 'id', context = key } of [...SEALED_BY_CONTROL, ...SEALED_BY_WORKERS]) {
      for (const row of await rows<{ context: string; sealed: Buffer }>(`sealed.${table}.${column}`, `SELECT ${context} AS context, ${column} AS sealed FROM ${table} WHERE tenant_id = $1 AND ${column} IS NOT NULL`, [tenantId])) {
        const text = textIn(await ring.keys.unseal(tenantId, purpose, row.context, row.sealed));
        if (SAID.some((said) => text.toLowerCase().includes(said.toLowerCase()))) found.add(`${table}.${column}`);
      }
    }
  } finally {
    await ring.close();
  }
  return [...found].toSorted();
}

it('is erased: nothing in any row, object, log or sealed text says who it was, but for evidence that is retained, which the result names; and that is proven offline', async () => {
  const hold = await api<{ id: string }>('POST', '/api/v1/legal-holds', { scope: 'run', target: runId, reason: 'A case' });
  const asked = await api<{ id: string; pseudonym: string }>('POST', '/api/v1/erasure-requests', { person: { principal_id: person }, reason: 'Asked for by letter' });
  expect(asked.status).toBe(202);
  type Request = { state: string; waiting_runs: number; evidence_package_id: string; counts: Record<string, number>; retained: { objects: number; until: string | null } };
  const request = async (): Promise<Request> => (await api<Request>('GET', `/api/v1/erasure-requests/${asked.body.id}`)).body;
  await eventually(async () => ((await request()).waiting_runs > 0 ? true : undefined));
  expect(await sealedAbout(), 'what is under a hold waits for it').toContain('execution.contents.sealed');
  expect((await api('POST', `/api/v1/legal-holds/${hold.body.id}/release`, { reason: 'It is over' })).status).toBe(200);
  const done = await eventually(async () => {
    const now = await request();
    return now.state === 'completed' ? now : undefined;
  });

  const contents = await everything();
  const left = placesOf(contents);
  const retained = await rows<{ row_id: string }>('retained', `SELECT row_id FROM control.erasure_findings WHERE request_id = $1 AND action = 'retained' ORDER BY 1`, [asked.body.id]);
  expect(left.length).toBeGreaterThan(0);
  expect(left).toEqual(retained.map(({ row_id }) => `object objects/${row_id}`));
  expect(done.retained).toEqual({ objects: left.length, until: left.length === 0 ? null : expect.any(String) });
  expect(await sealedAbout()).toEqual([]);
  expect(search(contents, [asked.body.pseudonym]).map(({ place }) => place)).toContain('rows control.principals');
  expect(Object.keys(done.counts)).toEqual(expect.arrayContaining(['control.approval_votes', 'control.principals', 'control.sessions', 'control.slack_links', 'execution.contents', 'execution.runs', 'execution.steps']));

  const archive = path.join(cell.dataDir, 'erasure.zip');
  await writeFile(archive, (await api('GET', `/api/v1/evidence-packages/${done.evidence_package_id}/archive`)).bytes);
  expect(search(new Map([['archive', await readFile(archive)]]), SAID)).toEqual([]);
  expect(await run('cli/main.ts', ['evidence', 'verify', archive])).toMatchObject({ code: 0 });
  expect((await api<{ verified: boolean }>('POST', '/api/v1/audit/verifications', {})).body.verified).toBe(true);
}, 180_000);
