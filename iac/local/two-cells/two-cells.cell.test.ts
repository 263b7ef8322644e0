import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CellState } from '../cell/data-folder.ts';
import { eventually } from '../testing/api-of.ts';
import { CellUnderTest } from '../testing/cell-under-test.ts';
import { contentsOf, search } from './cell-contents.ts';
import type { CellContents } from './cell-contents.ts';
import { RouterProcess } from './router-process.ts';

/** Two whole cells on this machine, each with its PostgreSQL, objects, logs and queue, and a router beside them. */
const MARKER = `zylinderkopf${randomBytes(6).toString('hex')}`;
const TICKETS = 3;

let folder: string;
let cells: { us: CellUnderTest; eu: CellUnderTest };
let states: { us: CellState; eu: CellState };
let router: RouterProcess;
let stopRouter = (): Promise<void> => Promise.resolve();
const started: CellUnderTest[] = [];
const start = async (flags: readonly string[]): Promise<CellUnderTest> => {
  const cell = await CellUnderTest.start([...flags, '--queue', 'sqs', '--reconcile-seconds', '0']);
  started.push(cell);
  return cell;
};
const tenantOf = (state: CellState): string => /^cs_key_(ten_[0-9a-z]{26})_/.exec(state.api_key)?.[1] ?? '';

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'two-cells-'));
  // One after the other: both would build the console.
  const us = await start(['--region', 'us', '--cell', 'us-1', '--slug', 'globex-over-there']);
  const eu = await start(['--region', 'eu', '--cell', 'eu-1', '--slug', 'acme-hier']);
  cells = { us, eu };
  states = { us: await us.state(), eu: await eu.state() };
  router = await RouterProcess.start(folder, { 'us-1': { region: 'us', url: states.us.url }, 'eu-1': { region: 'eu', url: states.eu.url } });
  stopRouter = () => router.stop();
  expect(await router.put(tenantOf(states.us), { slug: 'globex-over-there', cell: 'us-1' })).toBe(200);
  expect(await router.put(tenantOf(states.eu), { slug: 'acme-hier', cell: 'eu-1' })).toBe(200);
}, 240_000);
afterAll(async () => {
  await stopRouter();
  await Promise.all(started.map((cell) => cell.dispose()));
  await rm(folder, { recursive: true, force: true });
}, 60_000);

interface Answer<Body> { readonly status: number; readonly body: Body }

async function ask<Body>(base: string, target: string, key: string, json?: unknown): Promise<Answer<Body>> {
  const response = await fetch(`${base}${target}`, { method: json === undefined ? 'GET' : 'POST', headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' }, ...(json === undefined ? {} : { body: JSON.stringify(json) }) });
  return { status: response.status, body: await response.json() as Body };
}

/** A ticket as somebody types it into the customer's ServiceNow. */
async function raise({ sandbox_url, sandbox_admin_password }: CellState, text: string): Promise<string> {
  const response = await fetch(`${sandbox_url}/api/now/v2/table/incident`, {
    method: 'POST', headers: { authorization: `Basic ${Buffer.from(`admin:${sandbox_admin_password}`).toString('base64')}`, 'content-type': 'application/json' }, body: JSON.stringify({ short_description: text, description: text }),
  });
  return (await response.json() as { result: { sys_id: string } }).result.sys_id;
}

interface Runs { items: Array<{ id: string; state: string; subject: string | null }> }
interface Approvals { items: Array<{ id: string; run_id: string; state: string; action_digest: string }> }

/** Approves what the run proposes, asking wherever the router says that the tenant is, and waits for its end. */
async function through(base: string, key: string, subject: string): Promise<{ runId: string; approvalId: string }> {
  const approval = await eventually(async () => {
    const run = (await ask<Runs>(base, '/api/v1/runs?limit=50', key)).body.items.find((item) => item.subject === subject);
    return run === undefined ? undefined : (await ask<Approvals>(base, '/api/v1/approvals?state=pending&limit=50', key)).body.items.find((item) => item.run_id === run.id);
  });
  const vote = await ask(base, `/api/v1/approvals/${approval.id}/votes`, key, { decision: 'approve', action_digest: approval.action_digest });
  expect(vote.status, JSON.stringify(vote.body)).toBeLessThan(300);
  await eventually(async () => ((await ask<Runs['items'][number]>(base, `/api/v1/runs/${approval.run_id}`, key)).body.state === 'succeeded' ? true : undefined));
  await eventually(async () => ((await fetch(`${base}/api/v1/runs/${approval.run_id}/evidence`, { headers: { authorization: `Bearer ${key}` } })).status === 200 ? true : undefined));
  return { runId: approval.run_id, approvalId: approval.id };
}

/** As the superuser, who sees past row-level security. */
async function everythingIn(cell: CellUnderTest, state: CellState): Promise<CellContents> {
  const url = new URL(state.control_database_url);
  [url.username, url.password] = ['postgres', (await readFile(path.join(cell.dataDir, 'postgres.password'), 'utf8')).trim()];
  return contentsOf(cell.dataDir, url.href);
}

it('the router sends whoever asks for a European tenant to the European cell, and forwards nothing', async () => {
  const [tenantId, key] = [tenantOf(states.eu), states.eu.api_key];
  const located = await ask<{ cell_url: string; region: string }>(router.url, `/locate?key_prefix=cs_key_${tenantId}`, 'none');
  expect(located).toMatchObject({ status: 200, body: { cell_url: states.eu.url, region: 'eu' } });
  expect(await ask(router.url, '/api/v1/runs', key, { text: MARKER })).toMatchObject({ status: 421, body: { code: 'tenant_elsewhere', cell_url: states.eu.url } });
  expect((await fetch(`${router.url}/t/acme-hier`, { redirect: 'manual' })).headers.get('location')).toBe(`${states.eu.url}/sign-in?tenant=acme-hier`);
  // The keys of one cell are nobody's in the other.
  expect((await ask(states.us.url, '/api/v1/runs', key)).status).toBe(401);
});

it('nothing of a European tenant is in the American cell: no row, no object, no line of a log, no message of the queue', async () => {
  const key = states.eu.api_key;
  const { body: { cell_url } } = await ask<{ cell_url: string }>(router.url, '/locate?slug=acme-hier', 'none');
  const subjects = await Promise.all(Array.from({ length: TICKETS }, (_, index) => raise(states.eu, `${MARKER} ${index}`)));
  const american = await raise(states.us, 'The printer is on fire');
  const passed = [];
  for (const subject of subjects) passed.push(await through(cell_url, key, subject));
  const there = await through(states.us.url, states.us.api_key, american);

  const needles = [tenantOf(states.eu), 'acme-hier', MARKER, key.slice(-43), states.eu.cell_key, ...subjects, ...passed.flatMap(({ runId, approvalId }) => [runId, approvalId])];
  const [us, eu] = [await everythingIn(cells.us, states.us), await everythingIn(cells.eu, states.eu)];
  expect(search(us, needles)).toEqual([]);
  expect(search(eu, [tenantOf(states.us), 'globex-over-there', there.runId, there.approvalId, american])).toEqual([]);

  // The search finds what is there: the European cell's own, in each kind of place, and the American one's in its own.
  const places = (contents: CellContents, own: readonly string[]): Set<string> => new Set(search(contents, own).map(({ place }) => place.split(' ')[0] ?? ''));
  expect([...places(eu, needles)].toSorted()).toEqual(['log', 'object', 'rows']);
  expect(search(eu, needles).filter(({ place }) => place.endsWith('sqs-stand-in.log')).map(({ needle }) => needle)).toContain(tenantOf(states.eu));
  expect(search(us, [tenantOf(states.us), there.runId]).filter(({ place }) => place.endsWith('sqs-stand-in.log'))).not.toEqual([]);
  // What tickets say is nowhere in clear, not even at home; its key was never told to anybody.
  expect(search(eu, [MARKER, key.slice(-43)])).toEqual([]);
}, 240_000);

it('the router has no data of a tenant: its memory of them is one line each, its log has neither keys nor texts', async () => {
  expect(JSON.parse(await readFile(path.join(folder, 'directory.json'), 'utf8'))).toEqual({
    cells: expect.anything(), tenants: [{ tenant_id: tenantOf(states.us), slug: 'globex-over-there', cell: 'us-1' }, { tenant_id: tenantOf(states.eu), slug: 'acme-hier', cell: 'eu-1' }].toSorted((a, b) => (a.tenant_id < b.tenant_id ? -1 : 1)),
  });
  for (const secret of [MARKER, states.eu.api_key, states.eu.api_key.slice(-43), router.key]) expect(router.log).not.toContain(secret);
  expect(router.log).toContain('/locate');
});
