import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVERY_ROLE } from '@countersign/contracts/openapi/permissions.ts';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { newSignInLink } from '../identity/bootstrap.ts';
import type { ApiReply, TestPrincipal } from '../testing/control-plane-under-test.ts';
import { seedApproval } from '../testing/seeded-run.ts';
import { ACTIONS } from './cards/button-value.ts';
import { eventually, SlackPlane } from './testing/slack-plane.ts';

/** What an admin sets up, who is linked to whom, and what another tenant sees of it: nothing. */
let it: SlackPlane;
let other: TestPrincipal;
let alex: string;
let kim: string;

beforeAll(async () => {
  it = await SlackPlane.start('http');
  other = await it.plane.principal(EVERY_ROLE, await it.plane.otherTenant());
  [alex, kim] = [it.slack.user('alex'), it.slack.user('kim')];
}, 60_000);
afterAll(() => it.stop());

const api = (method: string, path: string, options: Parameters<typeof it.plane.api>[2] = {}): Promise<ApiReply> => it.plane.api(method, `/api/v1/slack/${path}`, options);
const auditOf = async (type: string): Promise<Array<{ data: Record<string, unknown> }>> => (await it.plane.auditEvents()).filter((event) => event.type === type);

describe('the app', () => {
  test('is shown without its secrets, which are nowhere in the database or the audit', async () => {
    const { body } = await api('GET', 'app');
    expect(body).toMatchObject({ mode: 'http', has_app_token: false, connected: true, request_url: expect.stringContaining(it.plane.tenant.tenantId) as string });
    const { signing_secret, client_secret, bot_token } = it.slack.state;
    const rows = await it.plane.database.control.forTenant(it.plane.tenant.tenantId, (tx) => tx.rows<{ row: string }>({
      name: 'test.everything', text: `SELECT row_to_json(a)::text AS row FROM control.slack_apps a UNION ALL SELECT row_to_json(i)::text FROM control.slack_installations i UNION ALL SELECT body FROM audit.events`,
    }));
    const all = `${JSON.stringify(body)}${rows.map(({ row }) => row).join('')}`;
    for (const secret of [signing_secret, client_secret, bot_token]) {
      expect(all).not.toContain(secret);
      expect(all).not.toContain(Buffer.from(secret).toString('hex'));
    }
  });

  test.each<[string, Record<string, unknown>, number, string]>([
    ['Socket Mode without its token', { mode: 'socket', app_token: null }, 400, 'request_invalid'],
    ['an API elsewhere', { api_url: 'https://example.com/api/' }, 422, 'slack_api_url_not_allowed'],
    ['an API that looks like Slack\'s', { api_url: 'https://slack.com.example.com/api/' }, 422, 'slack_api_url_not_allowed'],
    ['a host of the network', { api_url: 'http://10.0.0.1/api/' }, 422, 'slack_api_url_not_allowed'],
    ['the metadata address', { api_url: 'http://169.254.169.254/api/' }, 422, 'slack_api_url_not_allowed'],
    ['credentials in the address', { api_url: 'http://a:b@127.0.0.1:1/api/' }, 422, 'slack_api_url_not_allowed'],
    ['a short signing secret', { signing_secret: '' }, 400, 'request_invalid'],
  ])('is not configured with %s', async (_name, changes, status, code) => {
    const reply = await api('PUT', 'app', { json: { ...it.slack.settings('http'), ...changes } });
    expect([reply.status, reply.body['code']]).toEqual([status, code]);
  });

  test('of another tenant is its own: nothing of this one\'s is there', async () => {
    const { key } = other;
    expect((await api('GET', 'app', { key })).body['code']).toBe('slack_not_configured');
    for (const list of ['installations', 'channels', 'links']) expect((await api('GET', list, { key })).body).toEqual({ items: [] });
    const channel = { environment: 'prod', installation: it.slack.teamId, channel_id: it.channel };
    expect((await api('PUT', 'channels', { key, json: channel })).body['code']).toBe('slack_installation_unknown');
    for (const path of [`installations/${it.slack.teamId}`, `channels/prod/${it.slack.teamId}/${it.channel}`, `links/${it.slack.teamId}/${alex}`]) {
      expect([path, (await api('DELETE', path, { key })).status]).toEqual([path, 404]);
    }
    expect((await api('GET', 'channels')).body).toEqual({ items: [channel] });
  });
});

describe('installing by OAuth', () => {
  const redirect = 'http://localhost:8080/api/v1/slack/oauth/callback';
  const begin = (cookie: string): Promise<Response> => fetch(`${it.plane.url}/api/v1/slack/install`, { headers: { cookie }, redirect: 'manual' });
  const finish = (cookie: string, query: Record<string, string>): Promise<Response> => fetch(`${it.plane.url}/api/v1/slack/oauth/callback?${new URLSearchParams(query).toString()}`, { headers: { cookie }, redirect: 'manual' });
  const codeOf = async (response: Response): Promise<unknown> => ((await response.json()) as { code: string }).code;

  async function session(): Promise<string> {
    const { control } = it.plane.database;
    const { sign_in_url } = await newSignInLink({ database: control, clock: systemClock, region: 'us', cell: 'local', slug: 'local', publicUrl: 'http://localhost:8080' });
    const reply = await it.plane.api('POST', '/api/v1/sign-in', { key: null, json: { token: sign_in_url.split('#token=')[1] ?? '' } });
    return (reply.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  }

  test('goes to Slack and comes back once, to the session that began', async () => {
    const [mine, another] = [await session(), await session()];
    const away = await begin(mine);
    const location = new URL(away.headers.get('location') ?? '');
    expect([away.status, location.origin, location.searchParams.get('redirect_uri')]).toEqual([302, it.slack.url, redirect]);
    expect(location.searchParams.get('scope')).toBe('chat:write,commands,users:read,channels:history,groups:history');
    const state = location.searchParams.get('state') ?? '';
    const code = await it.slack.authorize(alex, redirect, state);
    expect(await codeOf(await finish(another, { state, code }))).toBe('slack_state_invalid');
    expect(await codeOf(await finish(mine, { state: 'A'.repeat(43), code }))).toBe('slack_state_invalid');
    const done = await finish(mine, { state, code });
    expect([done.status, done.headers.get('location')]).toEqual([302, 'http://localhost:8080/connectors']);
    expect(await codeOf(await finish(mine, { state, code }))).toBe('slack_state_invalid');
    expect((await auditOf('slack.installed')).at(-1)?.data).toMatchObject({ how: 'oauth' });
  });

  test('a person who says no, a code that is none, and an API key', async () => {
    const cookie = await session();
    const stateOf = async (): Promise<string> => new URL((await begin(cookie)).headers.get('location') ?? '').searchParams.get('state') ?? '';
    expect(await codeOf(await finish(cookie, { state: await stateOf(), error: 'access_denied' }))).toBe('slack_refused');
    expect(await codeOf(await finish(cookie, { state: await stateOf(), code: 'nonsense' }))).toBe('slack_refused');
    expect((await api('GET', 'install')).body['code']).toBe('forbidden');
  });
});

describe('links', () => {
  const nonceOf = async (user: string): Promise<string> => /#nonce=([A-Za-z0-9_-]{43})/.exec((await it.slack.command(user, 'link', it.via)).text)?.[1] ?? '';

  test('say whose they are, work once, and for the person who confirms', async () => {
    const person = await it.plane.principal(['approver']);
    const nonce = await nonceOf(alex);
    expect((await api('POST', 'link-requests', { key: person.key, json: { nonce } })).body).toMatchObject({ slack_user: alex, slack_name: 'alex', installation_name: 'Slack sandbox' });
    const replies = await Promise.all(Array.from({ length: 10 }, () => api('POST', 'links', { key: person.key, json: { nonce } })));
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(new Set(replies.filter(({ status }) => status !== 201).map(({ body }) => body['code']))).toEqual(new Set(['slack_link_invalid']));
    expect((await api('GET', 'links')).body['items']).toEqual([expect.objectContaining({ slack_user: alex, principal_id: person.id })]);
    expect(await auditOf('slack.user_linked')).toHaveLength(1);
    expect((await it.slack.command(alex, 'link', it.via)).text).toContain('You are linked');
    // By its owner; another person's is not there.
    const stranger = await it.plane.principal(['operator']);
    expect((await api('DELETE', `links/${it.slack.teamId}/${alex}`, { key: stranger.key })).status).toBe(404);
    expect((await api('DELETE', `links/${it.slack.teamId}/${alex}`, { key: person.key })).status).toBe(204);
    expect(await auditOf('slack.user_unlinked')).toHaveLength(1);
  });

  test('are no use to a machine, to another tenant, or when they are old', async () => {
    const machine = await it.plane.principal(['approver'], it.plane.tenant, 'service');
    const nonce = await nonceOf(alex);
    expect((await api('POST', 'links', { key: machine.key, json: { nonce } })).body['code']).toBe('forbidden');
    for (const path of ['links', 'link-requests']) expect((await api('POST', path, { key: other.key, json: { nonce } })).body['code']).toBe('slack_link_invalid');
    await it.plane.database.control.forTenant(it.plane.tenant.tenantId, (tx) => tx.change({ name: 'test.age', text: `UPDATE control.slack_link_requests SET expires_at = clock_timestamp() - interval '1 second'` }));
    for (const path of ['links', 'link-requests']) expect((await api('POST', path, { json: { nonce } })).body['code']).toBe('slack_link_invalid');
  });

  test('of one Slack user are not taken over by another person', async () => {
    const [first, second] = [await it.plane.principal(['approver']), await it.plane.principal(['approver'])];
    const [one, two] = [await nonceOf(kim), await nonceOf(kim)];
    expect((await api('POST', 'links', { key: first.key, json: { nonce: one } })).status).toBe(201);
    expect((await api('POST', 'links', { key: second.key, json: { nonce: two } })).body['code']).toBe('slack_link_taken');
    expect((await it.slack.command(kim, 'unlink', it.via)).text).toContain('no longer linked');
    expect((await api('GET', 'links')).body).toEqual({ items: [] });
  });

  test('a guest gets none', async () => {
    await it.slack.override(it.slack.user('gus'), { is_restricted: true });
    expect((await it.slack.command(it.slack.user('gus'), 'link', it.via)).text).toContain('Only full members');
  });
});

describe('App Home', () => {
  test('asks a stranger to link, shows what waits, follows it, and forgets after unlinking', async () => {
    const home = async (): Promise<string> => JSON.stringify((await it.slack.view(alex, 'home'))?.blocks);
    await it.slack.event({ type: 'app_home_opened', user: alex, tab: 'home', channel: 'D1', event_ts: '1' }, it.via);
    await expect.poll(home).toContain(ACTIONS.link);
    const person = await it.plane.principal(['approver']);
    await it.link(alex, person);
    const mine = await seedApproval(it.plane, { requestedBy: person.id });
    const approval = await seedApproval(it.plane);
    await it.slack.event({ type: 'app_home_opened', user: alex, tab: 'home', channel: 'D1', event_ts: '2' }, it.via);
    await expect.poll(home, { timeout: 10_000 }).toContain(approval.id);
    expect(await home()).not.toContain(mine.id);
    expect(await home()).not.toContain('network');
    await it.slack.press(alex, ACTIONS.show, { view: 'home' }, it.via);
    await it.modal(alex, 'Requested action');
    await it.plane.api('POST', `/api/v1/approvals/${approval.id}/votes`, { json: { decision: 'approve', action_digest: approval.digest } });
    await expect.poll(home, { timeout: 10_000 }).not.toContain(approval.id);
    await it.slack.press(alex, ACTIONS.unlink, { view: 'home' }, it.via);
    await it.modal(alex, 'Unlinked');
    await expect.poll(home).toContain(ACTIONS.link);
  });
});

describe('an installation', () => {
  test('that Slack says is gone has no token any more, and no click of it counts', async () => {
    const person = await it.plane.principal(['approver']);
    await it.link(alex, person);
    const approval = await seedApproval(it.plane);
    const card = await it.card(approval);
    await it.slack.event({ type: 'tokens_revoked', tokens: { bot: ['U1'], oauth: [] } }, it.via);
    await eventually('the revocation', async () => ((await api('GET', 'installations')).body['items'] as Array<{ revoked_at: string | null }>)[0]?.revoked_at !== null);
    await it.press(alex, ACTIONS.approve, card);
    expect(await it.state(approval)).toMatchObject({ state: 'pending', votes: [] });
    expect((await auditOf('slack.uninstalled')).at(-1)?.data).toEqual({ why: 'tokens_revoked' });
    // Installed again, it goes on where it was.
    await it.configure(it.plane.adminKey);
    await it.press(alex, ACTIONS.approve, card);
    await it.modal(alex, 'Counted');
    await it.cardSays(card, 'Approved');
  });
});
