/** The commands of operators, against an API that answers as ours does. */
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';

type Schemas = components['schemas'];

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const AT = '2026-11-21T12:00:00.000Z';
const LATER = '2026-11-21T12:00:42.000Z';

let server: Server;
let url: string;
let asked: Array<{ what: string; body: unknown }>;
/** By method and path; each answer is used once, the last one again and again. */
let answers: Record<string, Array<{ status: number; body: unknown }>>;

beforeAll(async () => {
  server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => { server.close(resolve); }));
beforeEach(() => {
  asked = [];
  answers = {};
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  asked.push({ what: `${request.method} ${decodeURIComponent(request.url ?? '')}`, body: text === '' ? null : JSON.parse(text) });
  const list = answers[`${request.method} ${request.url?.split('?')[0]}`] ?? [{ status: 404, body: { code: 'not_found', detail: 'There is no such thing.', request_id: 'req_1' } }];
  const { status, body } = list.length > 1 ? list.shift()! : list[0]!;
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function ok(body: unknown, status = 200): { status: number; body: unknown } {
  return { status, body };
}

function countersign(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { env: { COUNTERSIGN_URL: url, COUNTERSIGN_API_KEY: 'key' } }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

describe('what is wrong with a command ends with 2 before anything is asked', () => {
  it.each([
    ['a pause without a reason', ['runs', 'pause', 'run_1'], '--reason'],
    ['a cancellation without a reason', ['runs', 'cancel', 'run_1'], '--reason'],
    ['a time that is none', ['runs', 'list', '--since', 'yesterday'], '"yesterday" is no duration: write a number and a unit'],
    ['a redrive of nothing', ['dead-letters', 'redrive', '--reason', 'it works again'], 'Name step ids, or say --all with a filter'],
    ['a redrive of ids and of all', ['dead-letters', 'redrive', 'stp_1', '--all', '--reason', 'it works again'], 'exactly one of them'],
    ['a filter with ids', ['dead-letters', 'redrive', 'stp_1', '--workflow', 'x', '--reason', 'it works again'], 'A filter (--workflow) goes with --all'],
    ['a state that is none', ['dead-letters', 'list', '--state', 'alive'], '--state alive: write dead or failed'],
    ['a schedule that is paused without a reason', ['schedules', 'pause', 'sch_1'], '--reason'],
    ['a stage that is none', ['kill-switches', 'release', 'ksw_1', '--reason', 'it is right', '--stage', 'ten'], '--stage ten: write percent'],
    ['a scope that is none', ['kill-switches', 'set', '--scope', 'world', '--reason', 'it is wrong'], '--scope world: write tenant, workspace, environment, workflow'],
    ['an answer that is none', ['approvals', 'answer', 'apr_1', 'maybe', '--digest', 'sha256:00', '--reason', 'x'], 'Allowed choices are happened, did_not_happen'],
    ['minutes that are none', ['operations', 'board', '--minutes', 'all'], 'a whole number from 1 to 180'],
  ])('%s', async (_, args, words) => {
    expect(await countersign(...args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(words) as string });
    expect(asked).toEqual([]);
  });
});

it.each([
  ['runs', 'show', 'x'], ['runs', 'timeline', 'x'], ['runs', 'pause', 'x', '--reason', 'because'], ['runs', 'redrive', 'x', '--reason', 'because'], ['dead-letters', 'list'], ['dead-letters', 'jobs'],
  ['dead-letters', 'redrive', '--all', '--reason', 'because'], ['operations', 'queues'], ['operations', 'board'], ['schedules', 'list'], ['schedules', 'resume', 'x', '--reason', 'because'], ['kill-switches', 'list'],
])('%s %s: a refusal is told in the words of the API', async (...args) => {
  expect(await countersign(...args)).toEqual({ code: 1, stdout: '', stderr: 'not_found: There is no such thing. (req_1)\n' });
});

describe('runs', () => {
  it('are searched by all that the API knows', async () => {
    answers['GET /api/v1/runs'] = [ok({ items: [], next_cursor: 'abc', searched_back_to: AT })];
    const { code, stderr } = await countersign('runs', 'list', '--state', 'failed,waiting', '--workflow', 'triage', '--error-code', 'unavailable', '--since', AT, '--paused', '--query', 'INC1');
    expect(code).toBe(0);
    const query = new URLSearchParams(asked[0]?.what.split('?')[1]);
    expect(Object.fromEntries(query)).toEqual({ state: 'failed,waiting', workflow: 'triage', error_code: 'unavailable', from: AT, paused: 'true', q: 'INC1', limit: '20' });
    expect(stderr).toContain('--cursor abc');
  });

  it('are cancelled with a reason, and what could not be stopped is named', async () => {
    answers['POST /api/v1/runs/run_1/cancel'] = [ok({ command_id: 'cmd_1', request_id: 'req_1', not_stopped: [{ step_key: 'update', state: 'leased', action: 'servicenow/incident.update' }] }, 202)];
    const { code, stdout, stderr } = await countersign('runs', 'cancel', 'run_1', '--reason', 'raised twice');
    expect(code).toBe(0);
    expect(stderr).toContain('It is being cancelled. (req_1)');
    expect(stdout).toMatch(/update +leased +servicenow\/incident\.update/);
    expect(asked).toEqual([{ what: 'POST /api/v1/runs/run_1/cancel', body: { reason: 'raised twice' } }]);
  });

  it.each(['pause', 'resume', 'redrive'])('%s is asked for with a reason', async (act) => {
    answers[`POST /api/v1/runs/run_1/${act}`] = [ok({ command_id: 'cmd_1', request_id: 'req_1' }, 202)];
    expect(await countersign('runs', act, 'run_1', '--reason', 'because of it', '--json')).toEqual({ code: 0, stdout: '{"command_id":"cmd_1","request_id":"req_1"}\n', stderr: '' });
    expect(asked[0]?.body).toEqual({ reason: 'because of it' });
  });

  it('have a timeline that is read to its end: leases, waits, the next attempt', async () => {
    const step = { id: 'stp_1', uses: 'x/y', max_attempts: 5, created_at: AT, available_at: AT, started_at: AT, finished_at: null, error: null, next_attempt_at: null, lease: null, waiting_for: null };
    const entry = { ended_at: LATER, kind: 'attempt', step_key: 'read', result: 'succeeded', worker: 'w1', fence: '1', attempt: 1, action: null, by: null, message: null, error: null } as const;
    const timeline: Schemas['RunTimeline'] = {
      run_id: 'run_1', state: 'running', at: AT, paused: null, steps_left_out: 0, next_cursor: 'second', entries: [{ ...entry, at: AT, id: 'a1' }],
      steps: [
        { ...step, key: 'read', state: 'leased', attempt: 1, lease: { worker: 'w1', fence: '7', expires_at: LATER, expired: false } },
        { ...step, key: 'write', state: 'retrying', attempt: 2, next_attempt_at: LATER, waiting_for: { kind: 'retry', message: 'It is tried again.', until: LATER, approval_id: null, needs: [] } },
      ],
    };
    answers['GET /api/v1/runs/run_1/timeline'] = [ok(timeline), ok({ ...timeline, entries: [{ ...entry, at: LATER, id: 'a2', ended_at: null, result: null }], next_cursor: null })];
    const { stdout } = await countersign('runs', 'timeline', 'run_1');
    expect(stdout).toMatch(/read +leased +1 of 5 +w1 \(fence 7\) +in 42\.0 s/);
    expect(stdout).toMatch(/write +retrying +2 of 5 +in 42\.0 s +It is tried again\. \(in 42\.0 s\)/);
    expect(stdout).toMatch(/attempt 1 +succeeded +w1/);
    expect(stdout).toMatch(/attempt 1 +under way +w1/);
    expect(asked).toHaveLength(2);
  });
});

describe('dead letters', () => {
  const job: Schemas['BulkCommand'] = { id: 'blk_1', kind: 'redrive', selection: {}, reason: 'it works again', state: 'queued', total: 3, done: 0, skipped: 0, requested_by: 'prn_1', requested_at: AT, started_at: null, finished_at: null };

  it('are redriven by the filter that they are listed by, and the job is followed to its end', async () => {
    answers['POST /api/v1/dead-letters/redrive'] = [ok(job, 202)];
    answers['GET /api/v1/bulk-commands/blk_1'] = [ok({ ...job, state: 'running', done: 1 }), ok({ ...job, state: 'finished', done: 2, skipped: 1, finished_at: LATER })];
    const { code, stderr } = await countersign('dead-letters', 'redrive', '--all', '--workflow', 'triage', '--code', 'unavailable', '--reason', 'it works again', '--wait');
    expect(code).toBe(0);
    expect(asked[0]?.body).toEqual({ reason: 'it works again', filter: { state: ['dead'], workflow: 'triage', code: 'unavailable' } });
    expect(stderr.split('\n')).toEqual(['0 of 3 tried again ...', '1 of 3 tried again ...', 'blk_1: 2 of 3 tried again, 1 had nothing left to do.', '']);
  });

  it('are redriven by their ids', async () => {
    answers['POST /api/v1/dead-letters/redrive'] = [ok(job, 202)];
    expect(await countersign('dead-letters', 'redrive', 'stp_1', 'stp_2', '--reason', 'it works again', '--json')).toEqual({ code: 0, stdout: `${JSON.stringify(job)}\n`, stderr: '' });
    expect(asked[0]?.body).toEqual({ reason: 'it works again', ids: ['stp_1', 'stp_2'] });
  });

  it('are listed: only the dead ones when no state is named', async () => {
    answers['GET /api/v1/dead-letters'] = [ok({ items: [], next_cursor: null })];
    await countersign('dead-letters', 'list');
    await countersign('dead-letters', 'list', '--state', 'dead,failed');
    expect(asked.map(({ what }) => new URLSearchParams(what.split('?')[1]).get('state'))).toEqual(['dead', 'dead,failed']);
  });
});

describe('operations', () => {
  it('shows queues and workers, and whether they drain', async () => {
    const figures: Schemas['QueueFigures'] = {
      runs: { queued: 0, running: 0, waiting: 0, cancelling: 0, paused: 0 }, steps: { ready: 10_000, retrying: 2, uncertain: 0, leased: 4, waiting: 1, held: 0 }, counted_up_to: 10_000, oldest_ready_ms: 185_000,
      claims_per_minute: 412.6, retries_per_minute: 0.4, dead_letters: 3, dead_letters_per_hour: 1, attention: 5,
    };
    const worker = { version: '0.1.0', started_at: AT, heartbeat_at: AT, in_flight: 4 };
    answers['GET /api/v1/operations/queues'] = [ok({
      at: LATER, items: [{ ...figures, environment: 'prod', workflow_name: 'triage' }], items_left_out: 0, totals: figures,
      dispatch: { kind: 'postgres', outbox: null, queue: null, workers: [{ ...worker, id: 'w1', draining_since: null }, { ...worker, id: 'w2', draining_since: AT }] },
    })];
    const { stdout } = await countersign('operations', 'queues');
    expect(stdout).toMatch(/triage +prod +>=10000 +3 min 5 s +4 +>=2 +0 +1 +0 +412\.6 +0\.4 +3 +5/);
    expect(stdout).toMatch(/w1 +0\.1\.0 +4 .* 42\.0 s ago +working/);
    expect(stdout).toMatch(/w2 .* draining since/);
  });
});

it('a kill switch is released in stages', async () => {
  const released = { id: 'ksw_1', scope: 'workflow', target_id: 'wfl_1', target_name: 'triage', reason: 'x', set_by: 'prn_1', set_at: AT, released_by: 'prn_1', release_reason: 'y', released_at: AT, recovery: [{ share: 0.1, for_ms: 300_000 }, { share: 0.5, for_ms: 600_000 }], recovery_stage: 0, stage_began_at: AT, share: 0.1, recovered_at: null };
  answers['POST /api/v1/kill-switches/ksw_1/release'] = [ok(released)];
  const { stderr } = await countersign('kill-switches', 'release', 'ksw_1', '--reason', 'it is right', '--stage', '10:5m', '50%:10m');
  expect(asked[0]?.body).toEqual({ reason: 'it is right', recovery: released.recovery });
  expect(stderr).toBe('triage: recovering: 10 % of the runs for 5 min 0 s.\n');
});

it('an outcome is answered on the digest that was shown, with how one knows', async () => {
  answers['POST /api/v1/approvals/apr_1/votes'] = [ok({ approval: { id: 'apr_1', state: 'answered' }, request_id: 'req_1', audit_event_id: 'aud_1' }, 201)];
  const { stderr } = await countersign('approvals', 'answer', 'apr_1', 'did_not_happen', '--digest', 'sha256:00', '--reason', 'the ticket is as it was');
  expect(asked[0]?.body).toEqual({ decision: 'did_not_happen', action_digest: 'sha256:00', reason: 'the ticket is as it was' });
  expect(stderr).toBe('Counted. apr_1 is answered.\n');
});
