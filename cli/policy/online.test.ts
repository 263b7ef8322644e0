/** The commands that ask the API, against an API that answers as ours does; iac/local/policy-in-git.cell.test.ts asks the real one. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { newFolder } from './new-folder.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const ENV = 'env_01jd3x8k2mf7q9v5n0r4t6w8yz';
const GATE = { enabled: true, max_replay_age_s: 60, min_decisions: 0, max_changed_share: 0.5, max_newly_denied_runs: 0, max_extra_approval_minutes: null };
const REPORT = { ok: true, problems: [], formatted: {}, tests: [], coverage: null, rules: {}, reads: [], opa_version: '1.22.0', took_ms: 1 };
const PROBLEM = { code: 'unknown_input_field', severity: 'error', file: 'tenant/tenant.rego', line: 2, column: 3, text: 'abc', message: 'No such field.' };

let server: Server;
let url: string;
let folder: string;
let asked: Array<{ what: string; body: unknown }>;
/** By method and path; each answer is used once, the last one again and again. */
let answers: Record<string, Array<{ status: number; body: unknown }>>;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'countersign-policy-online-'));
  await newFolder(folder, { layer: 'tenant', packs: ['itsm'] });
  server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await new Promise((resolve) => { server.close(resolve); });
});
beforeEach(() => {
  asked = [];
  answers = {
    'GET /api/v1/policies': [ok({
      layers: [{ layer: 'tenant', kind: 'tenant', name: 'acme', newest: null }], packs: ['itsm'], default_packs: ['itsm'], opa: { available: true, version: '1.22.0', how_to_get_it: null },
      environments: [{ environment_id: ENV, environment: 'dev', ordinal: 1, enforce: null, shadow: null, blocked: [], gate: GATE }],
    })],
    'POST /api/v1/policies/tenant/drafts': [ok({ id: 'pdr_1', valid: true, digest: 'sha256:d1', report: REPORT })],
    'POST /api/v1/policies/tenant/versions': [ok({ layer: 'tenant', version: 4 })],
  };
});

const ok = (body: unknown): { status: number; body: unknown } => ({ status: 200, body });

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  const what = `${request.method} ${request.url}`;
  asked.push({ what, body: body === '' ? null : JSON.parse(body) });
  const left = answers[what] ?? [{ status: 404, body: { code: 'not_found', detail: `There is no ${what}.` } }];
  const { status, body: sent } = left.length > 1 ? left.shift()! : left[0]!;
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(sent));
}

function policy(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, 'policy', ...args], { env: { COUNTERSIGN_URL: url, COUNTERSIGN_API_KEY: 'key' } }, (error, stdout, stderr) => resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }));
  });
}

const release = (bundle: unknown): object => ({
  id: 'prl_1', environment: 'dev', mode: 'shadow', number: 7, bundle, diff: [{ path: 'tenant/tenant.rego', before: 'a\n', after: 'b\n' }],
});

it('publishes: draft, version, release, and waits until it is signed', async () => {
  answers['POST /api/v1/policy-releases'] = [{ status: 201, body: release(null) }];
  answers['GET /api/v1/policy-releases/prl_1'] = [ok(release(null)), ok(release({ seq: 12, revision: 'dev-7', expires_at: '2026-11-21T12:00:00.000Z' }))];
  const { code, stdout, stderr } = await policy('publish', folder, '--environment', 'dev', '--shadow', '--message', 'Two people', '--replay', 'prp_1');
  expect({ code, stderr }).toEqual({ code: 0, stderr: 'Version 4 published.\n' });
  expect(stdout).toContain('-a\n+b\nReleased. dev asks tenant 4 in shadow: it is recorded and binds nothing (release 7, prl_1).\nSigned as dev-7 with seq 12, valid until 2026-11-21T12:00:00.000Z.\n');
  expect(asked.map(({ what }) => what)).toEqual(['GET /api/v1/policies', 'POST /api/v1/policies/tenant/drafts', 'POST /api/v1/policies/tenant/versions', 'POST /api/v1/policy-releases', 'GET /api/v1/policy-releases/prl_1', 'GET /api/v1/policy-releases/prl_1']);
  expect(asked[1]?.body).toMatchObject({ environment_id: ENV, packs: ['itsm'], data: { freeze_dates: [], two_people_for: [] }, files: { 'tenant.rego': expect.stringContaining('package countersign.tenant') as string, 'tenant_test.rego': expect.any(String) as string } });
  expect(asked[2]?.body).toEqual({ draft_id: 'pdr_1', message: 'Two people' });
  expect(asked[3]?.body).toEqual({ environment_id: ENV, mode: 'shadow', kind: 'release', layer: 'tenant', version: 4, reason: 'Two people', replay_id: 'prp_1' });
});

it('does not publish what is not good, and says it as a compiler does', async () => {
  answers['POST /api/v1/policies/tenant/drafts'] = [ok({ id: 'pdr_1', valid: false, digest: 'sha256:d1', report: { ...REPORT, ok: false, problems: [PROBLEM] } })];
  const { code, stdout } = await policy('publish', folder, '--environment', 'dev', '--message', 'x');
  expect(code).toBe(1);
  expect(stdout).toBe(`${folder}/tenant.rego:2:3: error: No such field.\n    abc\n      ^\n  [unknown_input_field]\n1 error\n`);
  expect(asked).toHaveLength(2);
});

it('a gate that is exceeded is told with its figures and the release that waits', async () => {
  answers['POST /api/v1/policy-releases'] = [{ status: 409, body: { code: 'policy_gate_exceeded', detail: 'The gate of dev is exceeded.', release_id: 'prl_9', errors: [{ field: '/max_newly_denied_runs', code: 'exceeded', message: '3 runs.' }] } }];
  expect(await policy('publish', folder, '--environment', 'dev', '--message', 'x')).toMatchObject({ code: 1, stderr: 'Version 4 published.\npolicy_gate_exceeded: The gate of dev is exceeded.\n  /max_newly_denied_runs: 3 runs.\n  release prl_9\n' });
});

it('what is in force already is nothing to do', async () => {
  answers['POST /api/v1/policy-releases'] = [{ status: 409, body: { code: 'policy_release_unchanged', detail: 'Release 7 is this.' } }];
  expect(await policy('publish', folder, '--environment', 'dev', '--message', 'x')).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing to do\n') as string });
  expect(await policy('publish', folder, '--environment', 'mars', '--message', 'x')).toMatchObject({ code: 2, stderr: 'There is no environment mars; there are dev.\n' });
});

it('replays with progress, prints the table, and fails above the gate\'s limits', async () => {
  const replay = { id: 'prp_1', environment: 'dev', from: '2026-11-01T00:00:00.000Z', to: '2026-11-21T00:00:00.000Z', state: 'running', progress: 0.4, done: 4, total: 10, report: null, error: null };
  const figures = {
    replayed: 10, unchanged: 9, changed: 1, changed_obligations: 0, newly_denied: 1, newly_denied_runs: 1, newly_denied_runs_cost_usd: '0.250000000', no_longer_denied: 0, no_longer_denied_runs: 0,
    extra_approvals: 0, extra_votes: 0, extra_person_minutes: null, approvals_no_longer_needed: 0, votes_no_longer_needed: 0, person_minutes_no_longer_needed: null,
  };
  const report = {
    figures, not_replayed: { shredded: 2, not_kept: 0, not_by_policy: 0, input_outdated: 0, facts_missing: 0, failed: 0 }, decision_times: [], took_ms: 100,
    groups: [{ action: 'a/b', workflow: 'w', rule: 'tenant/x', from: 'ALLOW', to: 'DENY', count: 1, runs: 1, examples: [] }],
  };
  answers['POST /api/v1/policy-replays'] = [{ status: 202, body: replay }];
  answers['GET /api/v1/policy-replays/prp_1'] = [ok({ ...replay, state: 'succeeded', progress: 1, report })];
  const { code, stdout, stderr } = await policy('replay', folder, '--environment', 'dev', '--from', '2026-11-01', '--to', '2026-11-21');
  expect(code).toBe(1);
  expect(asked.find(({ what }) => what === 'POST /api/v1/policy-replays')?.body).toEqual({ against: { draft_id: 'pdr_1' }, environment_id: ENV, from: '2026-11-01T00:00:00.000Z', to: '2026-11-21T00:00:00.000Z' });
  expect(stdout).toMatch(/^FROM +TO +COUNT +RUNS +ACTION +WORKFLOW +RULE\nALLOW +DENY +1 +1 +a\/b +w +tenant\/x$/m);
  expect(stdout).toMatch(/^denied and were not +1 +1 +\$0\.25$/m);
  expect(stdout).toContain('Not replayed: 2 shredded');
  expect(stderr).toContain('40 %  4 of 10 decisions\n');
  expect(stderr).toContain('Exceeded: 1 runs would have been denied and were not, 0 are allowed.\n');
  expect(await policy('replay', folder, '--environment', 'dev', '--max-changed-share', '0.5')).toMatchObject({ code: 0 });
  expect(await policy('replay', folder, '--environment', 'dev', '--days', 'x')).toMatchObject({ code: 2 });
  expect(await policy('replay', folder, '--environment', 'dev', '--from', 'yesterday')).toMatchObject({ code: 2 });
});

it('simulates a recorded decision on what its environment has', async () => {
  answers['GET /api/v1/decisions/dec_1'] = [ok({ id: 'dec_1', environment: 'dev' })];
  answers['POST /api/v1/policies/simulate'] = [ok({
    decision: { outcome: 'DENY', reasons: [], obligations: {} }, differs: true, recorded: { id: 'dec_1', outcome: 'ALLOW', decided_at: '2026-11-20T00:00:00.000Z' },
    explain: { reasons: [{ rule: 'tenant/x', message: 'No', layer: 'tenant', file: 'tenant/tenant.rego', line: 9, lines: [{ line: 9, text: '\t"rule": "tenant/x",' }] }] },
  })];
  const { code, stdout, stderr } = await policy('simulate', folder, '--decision', 'dec_1');
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `DENY\nbecause tenant/x: No\n  ${folder}/tenant.rego:9\n    "rule": "tenant/x",\n`, stderr: 'dec_1 was decided ALLOW at 2026-11-20T00:00:00.000Z: this comes out otherwise.\n' });
  expect(asked.at(-1)?.body).toEqual({ subject: { decision_id: 'dec_1' }, against: { draft_id: 'pdr_1' } });
});

it('shows what the folder would change, and what lies between two versions', async () => {
  answers['GET /api/v1/policies/tenant/versions/2'] = [ok({ files: { 'tenant.rego': 'a\n' }, data: { y: 1, x: [{ b: 1, a: 2 }] } })];
  answers['GET /api/v1/policies/tenant/versions/3'] = [ok({ files: { 'tenant.rego': 'b\n' }, data: { x: [{ a: 2, b: 1 }], y: 1 } })];
  const first = await policy('diff', folder);
  expect(first).toMatchObject({ code: 1, stderr: `dev (nothing) -> ${folder}: 3 files differ\n` });
  expect(first.stdout).toContain('--- /dev/null\n+++ tenant.rego\n');
  expect(await policy('diff', folder, '--from', '2', '--to', '3')).toEqual({ code: 1, stdout: '--- tenant.rego\n+++ tenant.rego\n@@ -1,1 +1,1 @@\n-a\n+b\n', stderr: 'version 2 -> version 3: 1 files differ\n' });
  expect(await policy('diff', folder, '--from', '2', '--to', '2')).toMatchObject({ code: 0, stdout: '' });
  expect(await policy('diff', folder, '--from', 'x')).toMatchObject({ code: 2 });
});
