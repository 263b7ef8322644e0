import { afterAll, beforeAll, expect, it } from 'vitest';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { CellApi } from './cell/cell-api.ts';
import { apiOf, eventually } from './testing/api-of.ts';
import { CellUnderTest } from './testing/cell-under-test.ts';

/**
 * A customer's business rule changes the incident on each change of ours, and a workflow answers each change: the record goes round. The
 * sandbox plays ServiceNow and the rule; a stand-in for a person approves everything at once, so nothing slows the loop down but the guard.
 */

type Run = components['schemas']['Run'];

const WORKFLOW = `
apiVersion: countersign.dev/v1
kind: Workflow
metadata: { name: note-on-change, description: Answers each change of an incident with a work note }
spec:
  trigger: { connector: servicenow, event: incident.updated }
  steps:
    - id: note
      uses: servicenow/incident.add-work-note
      with: { sys_id: "\${{ trigger.sys_id }}", work_note: Seen. }
      retry: { max_attempts: 5, backoff: fixed, initial_ms: 100 }
`;
const STARTS_ALLOWED = 3;

let cell: CellUnderTest;
let api: CellApi;
let sandboxUrl: string;
let admin: string;
let key: string;
let url: string;

beforeAll(async () => {
  cell = await CellUnderTest.start();
  const state = await cell.state();
  ({ api } = await apiOf(cell));
  [sandboxUrl, url, key] = [state.sandbox_url, state.url, state.api_key];
  admin = `Basic ${Buffer.from(`admin:${state.sandbox_admin_password}`).toString('base64')}`;
  const published = await api.publishWorkflow(WORKFLOW);
  await api.activateWorkflow(published.workflow_id, 'prod', published.version);
}, 120_000);
afterAll(() => cell.dispose(), 60_000);

async function sandbox(method: string, path: string, body: object): Promise<Record<string, unknown>> {
  const response = await fetch(sandboxUrl + path, { method, headers: { authorization: admin, 'content-type': 'application/json', accept: 'application/json' }, body: JSON.stringify(body) });
  expect(response.ok, `${method} ${path}: ${response.status}`).toBe(true);
  return response.status === 204 ? {} : await response.json() as Record<string, unknown>;
}

async function raised(): Promise<{ sys_id: string; number: string }> {
  const { tickets } = await sandbox('POST', '/sandbox/tickets', { count: 1 });
  return (tickets as Array<{ sys_id: string; number: string }>)[0]!;
}

const runsOf = async (number: string): Promise<Array<Pick<Run, 'id' | 'state' | 'created_at'>>> =>
  (await api.runs({ q: number, limit: 100 })).items.filter((run) => run.workflow_name === 'note-on-change' && run.subject_label === number);

/** Approves what these runs ask for, as fast as it is asked. */
async function approveAll(number: string): Promise<void> {
  for (const run of await runsOf(number)) {
    if (run.state !== 'waiting') continue;
    const open = (await api.approvals(run.id)).items.find(({ state }) => state === 'pending');
    if (open !== undefined) await api.vote(open.id, open.action_digest);
  }
}

interface Dropped { readonly at: string; readonly data: { readonly because: string; readonly subject?: string; readonly tripped?: boolean; readonly starts_in_last_minute?: number; readonly stopped_until?: string } }

async function droppedFor(sysId: string): Promise<Dropped[]> {
  const response = await fetch(`${url}/api/v1/audit/events?type=delivery.dropped&limit=100`, { headers: { authorization: `Bearer ${key}` } });
  const { items } = await response.json() as { items: Array<{ event?: Dropped } & Dropped> };
  return items.map((item) => item.event ?? item).filter(({ data }) => data.because === 'loop_guard' && data.subject === sysId);
}

it('stops the record that goes round within the minute, says so, and lets the others go on', async () => {
  await sandbox('PUT', '/sandbox/touch-rule', { user: 'countersign.integration' });
  const round = await raised();
  const began = Date.now();
  await sandbox('PATCH', `/api/now/v2/table/incident/${round.sys_id}`, { urgency: '2' });
  const [dropped] = await eventually(async () => {
    await approveAll(round.number);
    const found = await droppedFor(round.sys_id);
    return found.length === 0 ? undefined : found;
  });
  const trippedAfterMs = Date.now() - began;
  expect(dropped!.data).toMatchObject({ tripped: true, starts_in_last_minute: STARTS_ALLOWED });
  expect(Date.parse(dropped!.data.stopped_until!)).toBeGreaterThan(Date.now() + 9 * 60_000);

  // What somebody changes meanwhile starts nothing either, and says why.
  await sandbox('PATCH', `/api/now/v2/table/incident/${round.sys_id}`, { urgency: '1' });
  await eventually(async () => ((await droppedFor(round.sys_id)).length >= 2 ? true : undefined));
  const runs = await runsOf(round.number);
  expect(runs).toHaveLength(STARTS_ALLOWED);
  expect(trippedAfterMs).toBeLessThan(60_000);
  process.stdout.write(`loop guard: ${runs.length} runs, stopped after ${trippedAfterMs} ms\n`);

  // Another record, whose changes nobody answers, is not held up.
  await sandbox('PUT', '/sandbox/touch-rule', { user: 'nobody' });
  const calm = await raised();
  for (const urgency of ['1', '2', '3']) await sandbox('PATCH', `/api/now/v2/table/incident/${calm.sys_id}`, { urgency });
  await eventually(async () => {
    await approveAll(calm.number);
    const found = await runsOf(calm.number);
    return found.length > 0 && found.every(({ state }) => state === 'succeeded') ? true : undefined;
  });
  expect(await droppedFor(calm.sys_id)).toEqual([]);
}, 120_000);
