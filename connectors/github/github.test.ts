import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Pdp } from '@countersign/platform/opa/pdp.ts';
import type { CallRequest, CallResult, CredentialValue, InstanceView } from '../gateway/ports.ts';
import { nextAttempt, testIdentity } from '../gateway/testing/identities.ts';
import { instanceOf, seededPolicy, testGateway } from '../gateway/testing/test-gateway.ts';
import type { TestGateway } from '../gateway/testing/test-gateway.ts';
import type { JsonObject } from '../sdk/connector.ts';
import { github } from './connector.ts';
import { APP, REPOSITORY, startEmulatedGithub } from './testing/emulated-github.ts';
import type { EmulatedGithub } from './testing/emulated-github.ts';
import { startLossyProxy } from './testing/lossy-proxy.ts';
import type { LossyProxy } from './testing/lossy-proxy.ts';
import { SEND_WITHIN_MS } from '../gateway/held-lease.ts';

let emulated: EmulatedGithub;
let lossy: LossyProxy;
let pdp: Pdp;
const open: TestGateway[] = [];

beforeAll(async () => {
  emulated = await startEmulatedGithub();
  lossy = await startLossyProxy(emulated.url);
  pdp = await seededPolicy();
  for (const name of ['bug', 'documentation', 'area/vpn']) await emulated.asPerson('POST', `/repos/${REPOSITORY}/labels`, { name, color: 'ededed' }).catch(() => undefined);
});
afterAll(async () => {
  await lossy.close();
  await emulated.close();
  await pdp.stop();
});
afterEach(async () => {
  lossy.heal();
  await Promise.all(open.splice(0).map(({ gateway }) => gateway.close()));
});

const asApp = (installation: number = APP.installation): CredentialValue => ({ kind: 'signed_jwt', issuer: String(APP.id), privateKeyPem: emulated.privateKeyPem, tokenPath: `/app/installations/${installation}/access_tokens` });

function connect(changes: { credential?: CredentialValue; instance?: Partial<InstanceView> } = {}): TestGateway {
  const world = testGateway({
    connectors: [github], pdp, credentials: { cred_1: changes.credential ?? asApp() }, header_timeout_ms: 1_500,
    instances: [instanceOf(github, { baseUrl: lossy.url, allowedHosts: [new URL(lossy.url).host], credentialId: 'cred_1', settings: { integration_user: APP.bot, repositories: [REPOSITORY] }, ...changes.instance })],
  });
  open.push(world);
  return world;
}

interface Shown { readonly number: number; readonly labels: Array<{ name: string }>; readonly body: string; readonly user: { login: string } }

async function openIssue(title = 'VPN drops every few minutes'): Promise<number> {
  return (await emulated.asPerson('POST', `/repos/${REPOSITORY}/issues`, { title, body: 'Since this morning.' }) as Shown).number;
}

const comments = (number: number) => emulated.asPerson('GET', `/repos/${REPOSITORY}/issues/${number}/comments`) as Promise<Shown[]>;
const issues = () => emulated.asPerson('GET', `/repos/${REPOSITORY}/issues?state=all&per_page=100`) as Promise<Shown[]>;

function succeeded(result: CallResult): Extract<CallResult, { kind: 'succeeded' }> {
  expect(result).toMatchObject({ kind: 'succeeded' });
  return result as Extract<CallResult, { kind: 'succeeded' }>;
}

function failed(result: CallResult): Extract<CallResult, { kind: 'failed' }>['error'] {
  expect(result).toMatchObject({ kind: 'failed' });
  return (result as Extract<CallResult, { kind: 'failed' }>).error;
}

/** Asks, is approved, and gives the identity to go on with. */
async function approved(world: TestGateway, action: string, parameters: JsonObject) {
  const identity = testIdentity();
  const result = await world.call(identity, action, parameters);
  expect(result).toMatchObject({ kind: 'waiting_for_approval' });
  world.approve((result as Extract<CallResult, { kind: 'waiting_for_approval' }>).approvalId);
  return identity;
}

/** After this long nothing that was sent can still arrive. */
const SETTLED_MS = 60_000 + SEND_WITHIN_MS;

describe('reads, as the App', () => {
  test('an issue as it is, with one installation token for many calls', async () => {
    const world = connect();
    const number = await openIssue();
    const [{ output, outputLabels }] = await Promise.all([1, 2, 3].map(async () => succeeded(await world.call(testIdentity(), 'github/issue.get', { repository: REPOSITORY, number })))) as [Extract<CallResult, { kind: 'succeeded' }>];
    expect(output).toMatchObject({ repository: REPOSITORY, number, title: 'VPN drops every few minutes', body: 'Since this morning.', state: 'open', labels: [], author: 'alice', is_pull_request: false });
    expect(outputLabels).toEqual(['ticket_text']);
    expect(lossy.requests.filter(({ path }) => path.endsWith('/access_tokens'))).toHaveLength(1);
    expect(lossy.requests.at(-1)?.headers).toMatchObject({ 'x-github-api-version': '2022-11-28', accept: 'application/vnd.github+json' });
  });

  test('what is refused says what to check, and holds no secret', async () => {
    const get = async (world: TestGateway, changes: JsonObject = {}) => failed(await world.call(testIdentity(), 'github/issue.get', { repository: REPOSITORY, number: 1, ...changes }));
    expect(await get(connect(), { number: 999_999 })).toMatchObject({ code: 'peer_not_found', retryable: false, message: expect.stringContaining('not installed there') });
    const other = await get(connect({ credential: asApp(999) }));
    expect(other).toMatchObject({ code: 'peer_unauthenticated', retryable: false });
    expect(JSON.stringify(other)).not.toMatch(/PRIVATE KEY|eyJ/);
    lossy.answerNext({ status: 401, headers: { 'content-type': 'application/json' }, body: '{"message":"Bad credentials"}' });
    expect(await get(connect({ credential: { kind: 'bearer', token: 'a-secret-token' } }))).toMatchObject({ code: 'peer_unauthenticated', message: expect.not.stringContaining('a-secret-token') });
  });

  test('another repository than those of the instance is not even asked for', async () => {
    const world = connect();
    const before = lossy.requests.length;
    expect(failed(await world.call(testIdentity(), 'github/issue.get', { repository: 'acme/other', number: 1 }))).toMatchObject({ code: 'parameters_invalid', message: expect.stringContaining('"repositories"') });
    expect(lossy.requests.length).toBe(before);
    expect(await world.call(testIdentity(), 'github/issue.get', { repository: 'acme/app/../other', number: 1 })).toMatchObject({ kind: 'failed', error: { code: 'parameters_invalid' } });
  });

  test('a repository that a text from outside chose is denied before anything is read', async () => {
    const world = connect();
    const before = lossy.requests.length;
    const labels: CallRequest['labels'] = { '/repository': ['model_output'], '/number': ['trusted_system'] };
    expect(await world.call(testIdentity(), 'github/issue.get', { repository: REPOSITORY, number: 1 }, { labels })).toMatchObject({ kind: 'denied' });
    // And so by way of a write, whose preparation reads.
    expect(await world.call(testIdentity(), 'github/issue.comment', { repository: REPOSITORY, number: 1, body: 'x' }, { labels: { ...labels, '/body': ['model_output'] } })).toMatchObject({ kind: 'failed', error: { code: 'nested_call_denied' } });
    expect(lossy.requests.length).toBe(before);
  });

  test('closed issues come with their labels, page by page; by URL also open ones', async () => {
    const world = connect();
    const number = await openIssue('Closed and labelled');
    await emulated.asPerson('PATCH', `/repos/${REPOSITORY}/issues/${number}`, { state: 'closed', labels: ['bug'] });
    const { output } = succeeded(await world.call(testIdentity(), 'github/issues.closed', {}));
    expect(output['cursor']).toBeNull();
    const ticket = { number: `${REPOSITORY}#${number}`, short_description: 'Closed and labelled', labels: {}, tags: ['bug'] };
    expect(output['tickets']).toContainEqual(expect.objectContaining(ticket));
    const openNumber = await openIssue('Still open');
    const byUrl = succeeded(await world.call(testIdentity(), 'github/issues.closed', { ids: [`https://github.test/${REPOSITORY}/issues/${openNumber}`, 'https://github.test/acme/other/issues/1', 'nonsense'] }));
    expect(byUrl.output).toMatchObject({ tickets: [{ short_description: 'Still open' }], cursor: null });
  });
});

describe('the reconciler', () => {
  test('finds an issue whose webhook was lost, as the webhook would have said it, and not what we opened ourselves', async () => {
    const world = connect();
    const instance = { id: 'ins_github', name: 'github', settings: { integration_user: APP.bot, repositories: [REPOSITORY] } };
    const read = async (action: string, parameters: JsonObject) => succeeded(await world.call(testIdentity(), action, parameters)).output;
    const poll = (cursor: string | null, now: Date) => github.reconciler!.poll({ instance, now: () => now, call: read }, cursor);
    const began = await poll(null, new Date());
    expect(began.found).toEqual([]);
    const number = await openIssue('Its webhook was lost');
    const byUs = { repository: REPOSITORY, title: 'Opened by us too', body: 'Because.', labels: [] };
    const identity = await approved(world, 'github/issue.create', byUs);
    const ours = succeeded(await world.call(nextAttempt(identity), 'github/issue.create', byUs)).output['number'];
    const { found, cursor } = await poll(began.cursor, new Date());
    const numbers = found.map(({ issue }) => (issue as JsonObject)['number']);
    expect(numbers).toContain(number);
    expect(numbers).not.toContain(ours);
    const real = await emulated.asPerson('GET', `/repos/${REPOSITORY}/issues/${number}`) as { id: number; html_url: string; created_at: string };
    expect(found).toContainEqual({ action: 'opened', issue: { id: real.id, number, html_url: real.html_url, created_at: real.created_at }, repository: { full_name: REPOSITORY }, sender: { login: 'alice' } });
    expect(Date.parse(cursor)).toBeGreaterThanOrEqual(Date.parse(real.created_at));
    const muchLater = new Date(Date.now() + 3_600_000).toISOString();
    expect(await poll(muchLater, new Date())).toEqual({ cursor: muchLater, found: [] });
  });
});

describe('refusals', () => {
  const refused = async (answer: Parameters<LossyProxy['answerNext']>[0]) => {
    const world = connect();
    const number = await openIssue();
    succeeded(await world.call(testIdentity(), 'github/issue.get', { repository: REPOSITORY, number }));
    lossy.answerNext(answer);
    return failed(await world.call(testIdentity(), 'github/issue.get', { repository: REPOSITORY, number }));
  };
  const json = { 'content-type': 'application/json' };

  test.each<[string, Parameters<LossyProxy['answerNext']>[0], object]>([
    ['the primary limit', { status: 403, headers: { ...json, 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Math.floor(Date.now() / 1_000) + 120) }, body: '{"message":"API rate limit exceeded for installation ID 100."}' }, { code: 'peer_rate_limited', retryable: true }],
    ['the secondary limit', { status: 403, headers: { ...json, 'retry-after': '30' }, body: '{"message":"You have exceeded a secondary rate limit"}' }, { code: 'peer_rate_limited', retryable: true, retryAfterMs: 30_000 }],
    ['the secondary limit by its words alone', { status: 403, headers: json, body: '{"message":"You have exceeded a secondary rate limit and have been temporarily blocked"}' }, { code: 'peer_rate_limited', retryable: true, retryAfterMs: 60_000 }],
    ['429', { status: 429, headers: json, body: '{}' }, { code: 'peer_rate_limited', retryable: true }],
    ['a missing permission', { status: 403, headers: json, body: '{"message":"Resource not accessible by integration"}' }, { code: 'peer_forbidden', retryable: false, message: expect.stringContaining('Resource not accessible by integration') }],
    ['410', { status: 410, headers: json, body: '{"message":"Issues are disabled for this repo"}' }, { code: 'peer_not_found', retryable: false }],
    ['422', { status: 422, headers: json, body: '{"message":"Validation Failed","errors":[{"resource":"Issue","field":"title","code":"missing_field","message":"a secret of the issue"}]}' }, { code: 'peer_refused', message: expect.stringMatching(/Validation Failed: Issue title missing_field(?!.*secret)/) }],
    ['a page instead of JSON', { status: 502, headers: { 'content-type': 'text/html' }, body: '<html>unicorn</html>' }, { code: 'peer_unavailable', retryable: true, message: expect.stringContaining('page instead of JSON') }],
    ['a page that says all is well', { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>sign in</html>' }, { code: 'response_not_json' }],
    ['a list instead of an issue', { status: 200, headers: json, body: '[]' }, { code: 'response_invalid' }],
  ])('%s', async (_what, answer, expected) => {
    expect(await refused(answer)).toMatchObject(expected);
  });
});

describe('writes', () => {
  test('a comment is shown with its exact text and then is that text, under a mark that nobody sees', async () => {
    const world = connect();
    const number = await openIssue();
    const parameters = { repository: REPOSITORY, number, body: 'Looks like the VPN.' };
    const identity = await approved(world, 'github/issue.comment', parameters);
    const { request } = world.store.approvals()[0]!;
    expect(await comments(number)).toHaveLength(0);
    const { output, receipt } = succeeded(await world.call(nextAttempt(identity), 'github/issue.comment', parameters));
    const [comment] = await comments(number);
    expect(comment).toMatchObject({ body: request.preview.additions[0]?.text, user: { login: APP.bot } });
    expect(comment!.body).toMatch(/^Looks like the VPN\.\n\n<!-- ref: run_[^ ]+\/[0-9a-f]{12} -->$/);
    expect(JSON.stringify(request.action)).not.toContain('Looks like the VPN');
    expect(request.target).toMatchObject({ id: `${REPOSITORY}#${number}` });
    expect(receipt).toMatchObject({ target_id: `${REPOSITORY}#${number}`, version_before: request.target.version, verified_by_reading_back: true });
    expect(output['url']).toContain(`/issues/${number}#issuecomment-`);
  });

  test('an issue is opened once, and its event is known for our echo', async () => {
    const world = connect();
    const parameters = { repository: REPOSITORY, title: 'Opened by us', body: 'Because.', labels: ['bug'] };
    const identity = await approved(world, 'github/issue.create', parameters);
    const { output, receipt } = succeeded(await world.call(nextAttempt(identity), 'github/issue.create', parameters));
    const issue = await emulated.asPerson('GET', `/repos/${REPOSITORY}/issues/${String(output['number'])}`) as Shown & { created_at: string };
    expect(issue).toMatchObject({ title: 'Opened by us', labels: [{ name: 'bug' }] });
    expect(receipt?.written_versions).toEqual([`${REPOSITORY}:${issue.number}:${issue.created_at}`]);
  });

  test('labels are added or set, and one that the repository does not have is refused before people are asked', async () => {
    const world = connect();
    const number = await openIssue();
    const label = async (changes: JsonObject): Promise<string[]> => {
      const parameters = { repository: REPOSITORY, number, ...changes };
      const identity = await approved(world, 'github/issue.label', parameters);
      succeeded(await world.call(nextAttempt(identity), 'github/issue.label', parameters));
      return (await emulated.asPerson('GET', `/repos/${REPOSITORY}/issues/${number}`) as Shown).labels.map(({ name }) => name);
    };
    expect(await label({ labels: ['bug'] })).toEqual(['bug']);
    expect(await label({ labels: ['BUG', 'area/vpn'] })).toEqual(['bug', 'area/vpn']);
    expect(world.store.approvals().at(-1)?.request.preview.fields).toEqual([{ name: 'labels', label: 'Labels', before: 'bug', after: 'bug, area/vpn' }]);
    expect(await label({ labels: ['documentation'], mode: 'set' })).toEqual(['documentation']);
    expect(failed(await world.call(testIdentity(), 'github/issue.label', { repository: REPOSITORY, number, labels: ['bug', 'no-such'] }))).toMatchObject({ code: 'reference_not_found', message: expect.stringContaining('/labels/1') });
  });

  test('an issue that changed since it was approved is not written to; people are asked about it as it is', async () => {
    const world = connect();
    const number = await openIssue();
    const parameters = { repository: REPOSITORY, number, labels: ['bug'] };
    const identity = await approved(world, 'github/issue.label', parameters);
    await emulated.asPerson('PATCH', `/repos/${REPOSITORY}/issues/${number}`, { title: 'Something else entirely' });
    expect(failed(await world.call(nextAttempt(identity), 'github/issue.label', parameters))).toMatchObject({ code: 'target_changed', retryable: true });
    expect(await world.call(nextAttempt(nextAttempt(identity)), 'github/issue.label', parameters)).toMatchObject({ kind: 'waiting_for_approval' });
    expect(world.store.approvals().at(-1)?.request.preview.title).toContain('Something else entirely');
  });

  test('a review comment is on the line of the commit that people saw, and lost answers do not double it', async () => {
    const world = connect();
    const [commit] = await emulated.asPerson('GET', `/repos/${REPOSITORY}/commits`) as Array<{ sha: string }>;
    await emulated.asPerson('POST', `/repos/${REPOSITORY}/git/refs`, { ref: 'refs/heads/change', sha: commit!.sha });
    await emulated.asPerson('PUT', `/repos/${REPOSITORY}/contents/a.txt`, { message: 'A file', content: Buffer.from('one\ntwo\n').toString('base64'), branch: 'change' });
    const { number, head } = await emulated.asPerson('POST', `/repos/${REPOSITORY}/pulls`, { title: 'A change', head: 'change', base: 'main' }) as Shown & { head: { sha: string } };
    const parameters = { repository: REPOSITORY, number, path: 'a.txt', line: 2, body: 'Why two?' };
    let identity = await approved(world, 'github/pull-request.review-comment', parameters);
    lossy.loseNext('POST', '/comments', 'after');
    identity = nextAttempt(identity);
    expect(await world.call(identity, 'github/pull-request.review-comment', parameters)).toMatchObject({ kind: 'uncertain' });
    world.later(SETTLED_MS);
    succeeded(await untilDone(world, identity, 'github/pull-request.review-comment', parameters));
    const written = await emulated.asPerson('GET', `/repos/${REPOSITORY}/pulls/${number}/comments`) as Array<{ path: string; line: number; commit_id: string; body: string }>;
    expect(written).toMatchObject([{ path: 'a.txt', line: 2, commit_id: head.sha, body: expect.stringMatching(/^Why two\?\n\n<!-- ref: /) }]);
    expect(failed(await world.call(testIdentity(), 'github/pull-request.review-comment', { ...parameters, head_sha: commit!.sha }))).toMatchObject({ code: 'target_changed' });
  });

  test('a check run carries our reference as its external id', async () => {
    const world = connect();
    const [commit] = await emulated.asPerson('GET', `/repos/${REPOSITORY}/commits`) as Array<{ sha: string }>;
    const parameters = { repository: REPOSITORY, head_sha: commit!.sha, name: 'countersign', conclusion: 'success', title: 'Approved', summary: 'By two people.' };
    const identity = await approved(world, 'github/check-run.create', parameters);
    succeeded(await world.call(nextAttempt(identity), 'github/check-run.create', parameters));
    const { check_runs } = await emulated.asPerson('GET', `/repos/${REPOSITORY}/commits/${commit!.sha}/check-runs`) as { check_runs: Array<{ external_id: string; conclusion: string }> };
    expect(check_runs.filter(({ external_id }) => external_id.startsWith(`${identity.run.id}/`))).toMatchObject([{ conclusion: 'success' }]);
  });
});

describe('a lost answer', () => {
  const lose = [['before it is sent on', 'before'], ['after its effect', 'after']] as const;

  test.each(lose)('of a comment, %s, leaves exactly one comment', async (_when, point) => {
    const world = connect();
    const number = await openIssue();
    const parameters = { repository: REPOSITORY, number, body: 'Once.' };
    let identity = await approved(world, 'github/issue.comment', parameters);
    lossy.loseNext('POST', '/comments', point);
    identity = nextAttempt(identity);
    expect(await world.call(identity, 'github/issue.comment', parameters)).toMatchObject({ kind: 'uncertain' });
    world.later(SETTLED_MS);
    const result = succeeded(await untilDone(world, identity, 'github/issue.comment', parameters));
    expect(await comments(number)).toHaveLength(1);
    expect(result.receipt).toMatchObject({ target_id: `${REPOSITORY}#${number}` });
    expect(world.store.approvals()).toHaveLength(1);
  });

  test.each(lose)('of a new issue, %s, leaves exactly one issue', async (_when, point) => {
    const world = connect();
    const title = `Opened once, lost ${point}`;
    const parameters = { repository: REPOSITORY, title, body: 'Once.', labels: [] };
    let identity = await approved(world, 'github/issue.create', parameters);
    lossy.loseNext('POST', '/issues', point);
    identity = nextAttempt(identity);
    expect(await world.call(identity, 'github/issue.create', parameters)).toMatchObject({ kind: 'uncertain' });
    world.later(SETTLED_MS);
    succeeded(await untilDone(world, identity, 'github/issue.create', parameters));
    expect((await issues()).filter((issue) => (issue as unknown as { title: string }).title === title)).toHaveLength(1);
  });

  test.each(lose)('of labels, %s, labels the issue, and people are asked once', async (_when, point) => {
    const world = connect();
    const number = await openIssue();
    const parameters = { repository: REPOSITORY, number, labels: ['bug'] };
    let identity = await approved(world, 'github/issue.label', parameters);
    lossy.loseNext('POST', '/labels', point);
    identity = nextAttempt(identity);
    expect(await world.call(identity, 'github/issue.label', parameters)).toMatchObject({ kind: 'uncertain' });
    world.later(SETTLED_MS);
    succeeded(await untilDone(world, identity, 'github/issue.label', parameters));
    expect((await emulated.asPerson('GET', `/repos/${REPOSITORY}/issues/${number}`) as Shown).labels).toMatchObject([{ name: 'bug' }]);
    expect(world.store.approvals()).toHaveLength(1);
  });

  test('of a check run is found again by its external id', async () => {
    const world = connect();
    const [commit] = await emulated.asPerson('GET', `/repos/${REPOSITORY}/commits`) as Array<{ sha: string }>;
    const parameters = { repository: REPOSITORY, head_sha: commit!.sha, name: 'lost', conclusion: 'neutral', title: 'Once', summary: 'Once.' };
    let identity = await approved(world, 'github/check-run.create', parameters);
    lossy.loseNext('POST', '/check-runs', 'after');
    identity = nextAttempt(identity);
    expect(await world.call(identity, 'github/check-run.create', parameters)).toMatchObject({ kind: 'uncertain' });
    world.later(SETTLED_MS);
    succeeded(await untilDone(world, identity, 'github/check-run.create', parameters));
    const { check_runs } = await emulated.asPerson('GET', `/repos/${REPOSITORY}/commits/${commit!.sha}/check-runs`) as { check_runs: Array<{ name: string }> };
    expect(check_runs.filter(({ name }) => name === 'lost')).toHaveLength(1);
  });

  test('a copy of our text by somebody else is not taken for ours', async () => {
    const world = connect();
    const number = await openIssue();
    const parameters = { repository: REPOSITORY, number, body: 'Mine.' };
    let identity = await approved(world, 'github/issue.comment', parameters);
    lossy.loseNext('POST', '/comments', 'before');
    identity = nextAttempt(identity);
    expect(await world.call(identity, 'github/issue.comment', parameters)).toMatchObject({ kind: 'uncertain' });
    await emulated.asPerson('POST', `/repos/${REPOSITORY}/issues/${number}/comments`, { body: world.store.approvals()[0]!.request.preview.additions[0]!.text });
    world.later(SETTLED_MS);
    const answer = await untilDone(world, identity, 'github/issue.comment', parameters);
    // The issue is another one now: people are asked again rather than told that it was done.
    expect(answer).not.toMatchObject({ kind: 'succeeded' });
    expect((await comments(number)).filter(({ user }) => user.login === APP.bot)).toHaveLength(0);
  });
});

/** As the engine would: attempts until one of them ends other than by a fault that may pass. */
async function untilDone(world: TestGateway, identity: ReturnType<typeof testIdentity>, action: string, parameters: JsonObject): Promise<CallResult> {
  let result: CallResult | null = null;
  for (let attempt = 0, current = nextAttempt(identity); attempt < 4; attempt += 1, current = nextAttempt(current)) {
    result = await world.call(current, action, parameters);
    if (result.kind === 'uncertain' || (result.kind === 'failed' && result.error.retryable && result.error.code !== 'target_changed')) continue;
    return result;
  }
  return result!;
}
