import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { APP, REPOSITORY, startEmulatedGithub } from '@countersign/connectors/github/testing/emulated-github.ts';
import type { EmulatedGithub } from '@countersign/connectors/github/testing/emulated-github.ts';
import type { CellApi } from './cell/cell-api.ts';
import { ROOT } from './config.ts';
import { apiOf, eventually } from './testing/api-of.ts';
import { CellUnderTest, run } from './testing/cell-under-test.ts';

/** The second family of workflows on a whole cell: nothing in the core knows what an issue is, as nothing knows what an incident is. */
let cell: CellUnderTest;
let github: EmulatedGithub;
let api: CellApi;
let hook: string;

/** What people wrote about each label before; enough of it that the model proposes instead of suggesting. */
const WORDS = {
  bug: ['crashes with a stack trace', 'throws an exception', 'fails after the upgrade', 'returns the wrong total'],
  documentation: ['the manual has a typo', 'explain this option in the guide', 'the readme is out of date', 'an example is missing in the handbook'],
  'area/vpn': ['vpn tunnel drops', 'vpn client cannot connect', 'vpn needs a new certificate', 'tunnel is slow over vpn'],
} as const;
const LABELS = Object.keys(WORDS) as Array<keyof typeof WORDS>;
const CLOSED = 1_050;

beforeAll(async () => {
  github = await startEmulatedGithub();
  for (const name of LABELS) await github.asPerson('POST', `/repos/${REPOSITORY}/labels`, { name, color: 'ededed' }).catch(() => undefined);
  for (let count = 0; count < CLOSED; count += 1) {
    const label = LABELS[count % LABELS.length]!;
    const words = WORDS[label][Math.floor(count / LABELS.length) % WORDS[label].length]!;
    const { number } = await github.asPerson('POST', `/repos/${REPOSITORY}/issues`, { title: `${words} (${count})`, body: `Seen in build ${count}: ${words}.`, labels: [label] }) as { number: number };
    await github.asPerson('PATCH', `/repos/${REPOSITORY}/issues/${number}`, { state: 'closed' });
  }
  cell = await CellUnderTest.start();
  ({ api } = await apiOf(cell));
  await connect();
}, 180_000);
afterAll(async () => {
  await cell?.dispose();
  await github?.close();
}, 60_000);

/** As docs/how-to/connect-github.md says: credentials, instance, webhook, workflow. */
async function connect(): Promise<void> {
  const manifest = parse(await readFile(path.join(ROOT, 'connectors/github/manifest.yaml'), 'utf8')) as { version: string };
  // A cell publishes what it ships; one that does not ship it takes it from here.
  await api.publishConnector(manifest).catch(() => undefined);
  const secret = randomBytes(32).toString('base64');
  const app = await api.storeCredential({ name: 'acme-github-app', kind: 'signed_jwt', value: { issuer: String(APP.id), private_key_pem: github.privateKeyPem, token_path: `/app/installations/${APP.installation}/access_tokens` } });
  const webhook = await api.storeCredential({ name: 'acme-github-webhook', kind: 'webhook_secret', value: { secret } });
  const instance = await api.createInstance({
    connector: 'github', connector_version: manifest.version, name: 'acme-github', environment: 'prod', base_url: github.url, allowed_hosts: [new URL(github.url).host],
    settings: { integration_user: APP.bot, repositories: [REPOSITORY] }, credential_id: app.id, webhook_credential_id: webhook.id,
  });
  const workflow = await api.publishWorkflow(await readFile(path.join(ROOT, 'workflows/issue-triage.yaml'), 'utf8'));
  await api.activateWorkflow(workflow.workflow_id, 'prod', workflow.version);
  const { id } = await github.asPerson('POST', `/repos/${REPOSITORY}/hooks`, { name: 'web', active: true, events: ['*'], config: { url: instance.webhook_url, content_type: 'json', secret } }) as { id: number };
  hook = `/repos/${REPOSITORY}/hooks/${id}`;
}

it('an issue is opened, labels are proposed, approved and set, the comment says why, and the evidence verifies', async () => {
  const opened = await github.asPerson('POST', `/repos/${REPOSITORY}/issues`, { title: 'vpn tunnel drops', body: 'Seen in build 7: vpn tunnel drops.' }) as { number: number; html_url: string };
  const found = await eventually(async () => (await api.runs({ q: opened.html_url, limit: 5 })).items.find((item) => item.subject_label === opened.html_url));

  const approvals = [await approveNext(found.id, []), await approveNext(found.id, ['label'])];
  expect(approvals.map(({ action }) => action)).toEqual(['github/issue.label', 'github/issue.comment']);
  const ended = await eventually(async () => ((await api.run(found.id)).state === 'succeeded' ? api.run(found.id) : undefined));
  expect(ended.steps.map(({ key, state }) => [key, state])).toEqual([['issue', 'succeeded'], ['triage', 'succeeded'], ['label', 'succeeded'], ['comment', 'succeeded']]);

  const issue = await github.asPerson('GET', `/repos/${REPOSITORY}/issues/${opened.number}`) as { labels: Array<{ name: string }> };
  expect(issue.labels.map(({ name }) => name)).toEqual(['area/vpn']);
  const comments = await github.asPerson('GET', `/repos/${REPOSITORY}/issues/${opened.number}/comments`) as Array<{ body: string; user: { login: string } }>;
  expect(comments).toMatchObject([{ user: { login: APP.bot }, body: expect.stringContaining(`<!-- ref: ${found.id}/`) as string }]);
  expect(comments[0]!.body).toContain('labels area/vpn');

  const bundle = path.join(cell.dataDir, 'issue.evidence.zip');
  await writeFile(bundle, await eventually(() => api.evidence(found.id)));
  const keys = path.join(cell.dataDir, 'keys.json');
  await writeFile(keys, JSON.stringify(await api.keys()));
  const verified = await run('cli/main.ts', ['evidence', 'verify', bundle, '--keys', keys, '--json']);
  expect(verified.code, verified.stderr).toBe(0);
  expect(JSON.parse(verified.stdout)).toMatchObject({ verified: true });
}, 170_000);

it('a ping is answered, and what we write ourselves starts nothing', async () => {
  await github.asPerson('POST', `${hook}/pings`);
  const ours = await github.asApp('POST', `/repos/${REPOSITORY}/issues`, { title: 'vpn tunnel drops', body: 'Opened by the App.' }) as { html_url: string };
  const deliveries = await eventually(async () => {
    const all = await github.asPerson('GET', `${hook}/deliveries?per_page=100`) as Array<{ event: string; action: string | null; status_code: number }>;
    return all.some(({ event }) => event === 'ping') && all.filter(({ action }) => action === 'opened').length === 2 ? all : undefined;
  });
  // Opened, labelled, commented on, opened by us: all were taken, and only the first was somebody else's.
  expect(deliveries.filter(({ event }) => event === 'ping').map(({ status_code }) => status_code)).toEqual(expect.arrayContaining([200]));
  expect(deliveries.filter(({ event, status_code }) => event !== 'ping' && status_code !== 202)).toEqual([]);
  expect(deliveries.map(({ event, action }) => `${event}.${action ?? ''}`)).toEqual(expect.arrayContaining(['issues.opened', 'issues.labeled', 'issue_comment.created']));
  const runs = (await api.runs({ limit: 200 })).items.filter(({ workflow_name }) => workflow_name === 'issue-triage');
  expect(runs).toHaveLength(1);
  expect(runs[0]?.subject).not.toBe(ours.html_url);
}, 60_000);

/** The approval that the run waits for next, approved by the digest that was shown. */
async function approveNext(runId: string, done: readonly string[]): Promise<components['schemas']['Approval']> {
  const approval = await eventually(async () => {
    const { items } = await api.approvals(runId);
    const pending = items.find(({ state }) => state === 'pending');
    if (pending !== undefined) return pending;
    const { state, error } = await api.run(runId);
    if (['succeeded', 'failed', 'cancelled'].includes(state)) throw new TypeError(`the run ended ${state} after ${done.join(', ') || 'nothing'}: ${JSON.stringify(error)}`);
    return undefined;
  });
  await api.vote(approval.id, approval.action_digest);
  return approval;
}
