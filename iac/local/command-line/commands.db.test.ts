import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { runCommandLine } from '@countersign/cli/run.ts';
import { CI_AUDIENCE, startCiIssuer } from '@countersign/control-plane/machines/testing/ci-issuer.ts';
import type { CiIssuer } from '@countersign/control-plane/machines/testing/ci-issuer.ts';
import { ControlPlaneUnderTest } from '@countersign/control-plane/testing/control-plane-under-test.ts';
import type { TestPrincipal } from '@countersign/control-plane/testing/control-plane-under-test.ts';
import { seedApproval } from '@countersign/control-plane/testing/seeded-run.ts';

/** The command line against a real control plane: what an admin does, and what a CI job does. */

let plane: ControlPlaneUnderTest;
let ci: CiIssuer;
let folder: string;
let admin: TestPrincipal;

beforeAll(async () => {
  [plane, ci, folder] = await Promise.all([ControlPlaneUnderTest.start({ COUNTERSIGN_STAND_INS: 'loopback' }), startCiIssuer(), mkdtemp(path.join(tmpdir(), 'commands-'))]);
  admin = await plane.principal(['admin']);
}, 60_000);
afterAll(async () => {
  await Promise.all([plane.stop(), ci.stop()]);
  await rm(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** As `main.ts` does, in this process: a process for each would take longer than what it asks. */
async function countersign(args: readonly string[], { env = {}, stdin }: { readonly env?: Readonly<Record<string, string>>; readonly stdin?: string } = {}): Promise<Ended> {
  const written = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) vi.spyOn(process[stream], 'write').mockImplementation((text) => { written[stream] += String(text); return true; });
  if (stdin !== undefined) vi.spyOn(process, 'stdin', 'get').mockReturnValue(Readable.from([stdin]) as unknown as typeof process.stdin);
  const before = process.exitCode;
  try {
    for (const [name, value] of Object.entries({ COUNTERSIGN_URL: plane.url, COUNTERSIGN_API_KEY: admin.key, COUNTERSIGN_ID_TOKEN: '', ACTIONS_ID_TOKEN_REQUEST_URL: undefined, ...env })) vi.stubEnv(name, value);
    const code = await runCommandLine(args);
    return { code, ...written };
  } finally {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
    process.exitCode = before;
  }
}

async function answer<T = Record<string, unknown>>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await countersign([...args, '--json']);
  expect({ code, stderr }, args.join(' ')).toMatchObject({ code: 0 });
  return JSON.parse(stdout) as T;
}

it('limits are set one by one, and others stay', async () => {
  await answer('limits', 'set', 'runs_per_day', '5000');
  const both = await answer<{ quotas: Array<{ name: string; workspace_id: string | null; max: number | null }> }>('limits', 'set', 'active_runs', '7', '--workspace', plane.tenant.workspaceId);
  expect(both.quotas.filter(({ max }) => max !== null)).toMatchObject([{ name: 'runs_per_day', max: 5_000 }, { name: 'active_runs', workspace_id: plane.tenant.workspaceId, max: 7 }]);
  expect((await answer<typeof both>('limits', 'set', 'runs_per_day', 'none')).quotas.filter(({ max }) => max !== null)).toMatchObject([{ name: 'active_runs' }]);
  expect(await countersign(['limits', 'set', 'runs', '5'])).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('<limit> runs: write workspaces') as string });
  expect(await countersign(['limits', 'set', 'workspaces', '5', '--workspace', plane.tenant.workspaceId])).toMatchObject({ code: 1, stderr: expect.stringMatching(/request_invalid.*\n {2}\/quotas\/1\/name: A workspace is limited in/) as string });
});

it('retention is set one by one, and refused in the words of the API', async () => {
  await answer('retention', 'set', '--content-days', '30', '--audit-days', '3650');
  expect(await answer('retention', 'set', '--operational-days', '90')).toMatchObject({ content_days: 30, operational_days: 90, audit_days: 3_650 });
  expect((await countersign(['retention', 'set', '--content-days', 'default', '--operational-days', 'ever', '--audit-days', 'ever'])).stdout).toMatch(/how runs were carried out +for ever/);
  expect(await countersign(['retention', 'set', '--audit-days', '30'])).toMatchObject({ code: 2, stderr: expect.stringContaining('--audit-days 30: write a whole number from 365 to 36500') as string });
});

it('groups get people and roles, and lose them', async () => {
  const person = await plane.principal(['viewer']);
  const group = String((await answer('groups', 'make', 'Service desk'))['id']);
  expect(await answer('groups', 'add', group, person.id)).toMatchObject({ members: [person.id] });
  expect(await answer('groups', 'give', group, 'viewer', plane.tenant.workspaceId)).toMatchObject({ roles: [{ role: 'viewer' }] });
  expect(await answer('groups', 'take', group, 'viewer', plane.tenant.workspaceId)).toEqual({ roles: [] });
  expect(await countersign(['groups', 'take', group, 'viewer', plane.tenant.workspaceId])).toMatchObject({ code: 2, stderr: expect.stringContaining('<role> viewer: the group does not hold it') as string });
  expect(await answer('groups', 'take-out', group, person.id)).toMatchObject({ members: [] });
  expect(await countersign(['groups', 'remove', group])).toMatchObject({ code: 0, stderr: 'It is removed.\n' });
});

it('credentials take their values by stdin or file, and never show them', async () => {
  const stored = await countersign(['credentials', 'store', 'desk', 'bearer', '--value-file', '-', '--json'], { stdin: '{"token":"first-of-all"}' });
  const { id } = JSON.parse(stored.stdout) as { id: string };
  await writeFile(path.join(folder, 'new.json'), '{"token":"second-of-all"}');
  expect(await answer('credentials', 'rotate', id, '--value-file', path.join(folder, 'new.json'))).toMatchObject({ id, version: 2 });
  expect((await countersign(['credentials', 'list'])).stdout).toMatch(new RegExp(`${id} +desk +bearer +2 +sealed`));
  const wrong = await countersign(['credentials', 'rotate', id, '--value-file', '-'], { stdin: 'third-of-all' });
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('--value-file - does not hold a JSON object') as string });
  expect(`${stored.stdout}${stored.stderr}${wrong.stderr}`).not.toMatch(/of-all/);
  expect(await countersign(['credentials', 'remove', id])).toMatchObject({ code: 0 });
});

it('the audit is searched, sent on and cosigned', async () => {
  const types = async (): Promise<string[]> => (await answer<{ items: Array<{ event: { type: string } }> }>('audit', 'events', '--type', 'credential.*', '--since', '1h')).items.map(({ event }) => event.type);
  await expect.poll(types, { timeout: 20_000 }).toEqual(['credential.removed', 'credential.rotated', 'credential.stored']);
  const sink = await countersign(['audit', 'sinks', 'add', 'siem', '--kind', 'webhook', '--endpoint', 'http://127.0.0.1:9/in', '--type', 'approval.*']);
  expect(sink, sink.stderr).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\S+\n$/) as string });
  const { items: [{ id } = { id: '' }] } = await answer<{ items: Array<{ id: string }> }>('audit', 'sinks', 'list');
  expect(await answer('audit', 'sinks', 'disable', id)).toMatchObject({ state: 'disabled' });
  expect((await countersign(['audit', 'sinks', 'list'])).stdout).toMatch(/siem +webhook ocsf +disabled +approval\.\*/);
  expect(await countersign(['audit', 'sinks', 'remove', id])).toMatchObject({ code: 0 });
  expect(await countersign(['audit', 'sinks', 'add', 'siem', '--kind', 'webhook'])).toMatchObject({ code: 2, stderr: expect.stringContaining('--endpoint is missing') as string });
  expect(await countersign(['audit', 'witnesses', 'add', 'nonsense', 'http://127.0.0.1:9'])).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('witness_invalid: The key is not one that cosigns') as string });
});

it('sessions have limits and end together; workspaces are archived and restored', async () => {
  expect(await answer('sessions', 'revoke', '--person', admin.id)).toEqual({ revoked: 0 });
  expect(await answer('sessions', 'limits', '--idle', '30m')).toMatchObject({ idle_s: 1_800 });
  expect((await countersign(['sessions', 'limits', '--absolute', '12h'])).stdout).toBe('not used   30 min 0 s\nin all     12 h 0 min\n');
  const made = await answer('workspaces', 'make', 'finance', 'Finance');
  expect(await countersign(['workspaces', 'archive', String(made['id']), '--reason', 'the team has left'])).toMatchObject({ code: 0, stderr: 'Finance is archived.\n' });
  expect(await countersign(['workspaces', 'restore', String(made['id']), '--reason', 'the team is back'])).toMatchObject({ code: 0 });
  expect((await answer<{ items: Array<{ name: string }> }>('workspaces', 'environments')).items.map(({ name }) => name)).toEqual(['dev', 'staging', 'prod']);
  expect(await countersign(['sessions', 'revoke'])).toMatchObject({ code: 2, stderr: expect.stringContaining('--person ID, or --mine') as string });
});

it('a package is asked for, waited for, downloaded and verified', async () => {
  const [june, again, keys] = ['june.zip', 'again.zip', 'keys.json'].map((name) => path.join(folder, name)) as [string, string, string];
  const made = await answer<{ id: string; file: string }>('evidence', 'package', 'period', '--from', '1h', '--to', '0s', '-o', june);
  expect(made).toMatchObject({ kind: 'period', state: 'built', file: june });
  expect((await countersign(['evidence', 'package', 'get', made.id, '-o', again])).stderr).toContain('Verify it with');
  expect(await readFile(again)).toEqual(await readFile(june));
  expect(await answer('evidence', 'package', 'approval', (await seedApproval(plane)).id, '--no-wait')).toMatchObject({ kind: 'approval' });
  expect((await countersign(['evidence', 'package', 'list', '--kind', 'period'])).stdout).toContain(made.id);
  await writeFile(keys, JSON.stringify(await answer('keys')));
  expect(await countersign(['evidence', 'verify', june, '--keys', keys], { env: { COUNTERSIGN_URL: 'http://127.0.0.1:9' } })).toMatchObject({ code: 0, stdout: expect.stringContaining('VERIFIED') as string });
  expect(await countersign(['evidence', 'package', 'policy-release', 'prl_none'])).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no such policy release') as string });
}, 60_000);

it('a CI job signs in with the token of its job, once, and may what the federation gives', async () => {
  const robot = String((await answer('service-accounts', 'make', 'Publisher'))['id']);
  await answer('roles', 'give', robot, 'author');
  const add = ['federations', 'add', 'CI', '--issuer', ci.issuer, '--audience', CI_AUDIENCE, '--account', robot, '--scope', 'workflows:read', '--like', 'ref=refs/heads/*'];
  expect(await countersign(add)).toMatchObject({ code: 2, stderr: expect.stringContaining('--where is missing') as string });
  const federation = String((await answer(...add, '--where', 'repository=acme/app'))['id']);
  const token = await ci.token();
  await writeFile(path.join(folder, 'token.txt'), `${token}\n`);
  expect(await countersign(['federations', 'test', federation, '--token-file', path.join(folder, 'token.txt')])).toMatchObject({ code: 0, stderr: 'It would be accepted.\n' });

  const job = { COUNTERSIGN_API_KEY: '', COUNTERSIGN_ID_TOKEN: token };
  const login = ['login', '--federation', '--tenant', 'local'];
  const signedIn = await countersign(login, { env: job });
  expect(signedIn).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\S+\n$/) as string, stderr: expect.stringContaining('for workflows:read') as string });
  const asJob = { env: { COUNTERSIGN_API_KEY: signedIn.stdout.trim() } };
  expect(await countersign(['workflows', 'list', '--json'], asJob)).toMatchObject({ code: 0, stdout: '{"items":[]}\n' });
  expect(await countersign(['people', 'list'], asJob)).toMatchObject({ code: 1, stderr: expect.stringContaining('scope_missing') as string });

  const twice = await countersign(login, { env: job });
  expect(twice).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/invalid_grant.*\n.*federations test/) as string });
  const kept = await countersign([...login, '--token-file', '-', '-o', path.join(folder, 'access.txt')], { env: { COUNTERSIGN_API_KEY: '' }, stdin: await ci.token() });
  expect(kept, kept.stderr).toMatchObject({ code: 0, stdout: '' });
  expect((await stat(path.join(folder, 'access.txt'))).mode & 0o777).toBe(0o600);
  expect(await countersign(login, { env: { COUNTERSIGN_API_KEY: '' } })).toMatchObject({ code: 2, stderr: expect.stringContaining('COUNTERSIGN_ID_TOKEN') as string });
  expect(await countersign(login, { env: { COUNTERSIGN_ID_TOKEN: 'my secret' } })).toMatchObject({ code: 2, stderr: expect.not.stringContaining('my secret') as string });

  expect(await answer('federations', 'disable', federation)).toMatchObject({ enabled: false });
  expect(await countersign(['workflows', 'list'], asJob)).toMatchObject({ code: 1 });
  expect(await countersign(['federations', 'remove', federation])).toMatchObject({ code: 0 });
}, 60_000);
