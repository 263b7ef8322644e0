import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { idOf } from './testing/data/ids.ts';
import { drawPage, serveConsoleFrom } from './testing/drawn-page.ts';
import { startMockApi, type MockApi } from './testing/http/mock-api.ts';

/** Pages about who comes in and what is proven: what each says when there is nothing, and what a viewer is told about its first act. */
const PAGES: ReadonlyArray<{ path: string; reads: readonly string[]; empty: readonly string[]; act: string | null }> = [
  { path: '/people', reads: ['people', 'invitations', 'groups'], empty: ['Nobody', 'Nobody is invited', 'No group'], act: 'Inviting somebody takes the role admin' },
  { path: '/roles', reads: ['role assignments', 'roles', 'the demands', 'the table of permissions'], empty: ['No role here'], act: 'Giving a role takes the role admin' },
  { path: '/machines', reads: ['service accounts', 'clients', 'federations'], empty: ['No service account', 'No client', 'No issuer is trusted'], act: 'Making a service account takes the role admin' },
  { path: '/identity-providers', reads: ['identity providers', 'how long sessions last'], empty: ['No identity provider'], act: 'Adding a provider takes the role admin' },
  { path: '/changes', reads: ['changes'], empty: ['No change waits'], act: null },
  { path: '/break-glass', reads: ['emergencies'], empty: ['The glass was never broken'], act: 'Taking a role in an emergency takes the role admin' },
  { path: '/workspaces', reads: ['workspaces'], empty: ['No workspace that you may see'], act: 'Making a workspace takes the role admin' },
  { path: '/limits', reads: ['limits'], empty: [], act: 'Setting a limit takes the role admin' },
  { path: '/account', reads: ['passkeys', 'sessions', 'keys'], empty: ['No passkey yet', 'Not signed in anywhere', 'No key'], act: null },
  { path: '/credentials', reads: ['credentials'], empty: ['No credential'], act: 'Storing a credential takes the role admin' },
  { path: '/audit', reads: ['audit events'], empty: ['No sealed event here'], act: 'Exporting the audit takes the role auditor or admin' },
  { path: '/audit/checkpoints', reads: ['checkpoints'], empty: ['No checkpoint yet'], act: 'Verifying takes the role auditor or admin' },
  { path: '/audit/sinks', reads: ['audit sinks'], empty: ['The audit is streamed nowhere'], act: 'Adding a sink takes the role auditor or admin' },
  { path: '/audit/witnesses', reads: ['witnesses'], empty: ['Nobody countersigns'], act: 'Adding a witness takes the role auditor or admin' },
  { path: '/evidence', reads: ['evidence'], empty: ['No evidence was asked for'], act: 'Asking for evidence takes the role auditor or admin' },
  { path: '/keys', reads: ['keys', 'keys that seal'], empty: ['Nothing was sealed yet'], act: 'Rotating a key takes the role admin' },
  { path: '/privacy', reads: ['the retention', 'legal holds', 'erasure requests'], empty: ['Nothing is held', 'Nobody was to be erased'], act: 'Changing the retention takes the role admin' },
  { path: `/people/${idOf('principal', 'lead')}`, reads: ['the person'], empty: [], act: 'Shutting somebody out takes the role admin' },
];

let api: MockApi;

beforeAll(async () => {
  api = await startMockApi({ scenario: 'usual', signedIn: true });
  serveConsoleFrom(api.url);
});
afterAll(async () => {
  await api.stop();
  expect(api.violations).toEqual([]);
});

const OWNER = ['admin', 'approver', 'operator'] as const;

beforeEach(() => Object.assign(api.world.scenario, { failing: false, forbidden: false, roles: [...OWNER] }));

describe.each(PAGES)('$path', ({ path, reads }) => {
  it('says what it is loading, and shows it', async () => {
    const { first, last } = await drawPage(path);
    for (const what of reads) expect(first).toContain(`aria-label="Loading ${what}"`);
    expect(last).not.toContain('aria-label="Loading');
    expect(last).not.toContain('role="alert"');
    expect(last).toMatch(/<h1[^>]*>[^<]+<\/h1>/);
  });

  it('says what failed, and can be tried again', async () => {
    api.world.scenario.failing = true;
    const { last } = await drawPage(path);
    expect(last.split('The stand-in was asked to fail.').length - 1).toBeGreaterThanOrEqual(reads.length);
    expect(last).toContain('role="alert"');
    expect(last).toContain('Try again');
    expect(last).toContain('Copy request id');
    expect(last).not.toContain('aria-label="Loading');
  });

  it('says so to who has no role here, and shows nothing', async () => {
    Object.assign(api.world.scenario, { forbidden: true, roles: [] });
    const { last } = await drawPage(path);
    expect(last).toContain('You have no role in this workspace. Ask one of its admins.');
    expect(last).not.toContain('<tbody');
    expect(last).not.toContain('aria-label="Loading');
  });
});

it.each(PAGES.flatMap(({ path, act }) => (act === null ? [] : [{ path, act }])))('$path tells who may only look why a button is not theirs', async ({ path, act }) => {
  Object.assign(api.world.scenario, { roles: ['viewer'] });
  const { last } = await drawPage(path);
  expect(last).toContain(`aria-description="${act}; your role is viewer."`);
});

describe('with nothing there', () => {
  let nothing: MockApi;
  beforeAll(async () => {
    nothing = await startMockApi({ scenario: 'empty', signedIn: true });
  });
  afterAll(() => nothing.stop());

  it.each(PAGES.filter(({ empty }) => empty.length > 0))('$path says so, and what to do about it', async ({ path, empty }) => {
    serveConsoleFrom(nothing.url);
    const { last } = await drawPage(path);
    for (const title of empty) expect(last).toMatch(new RegExp(`<h2[^>]*>${title}</h2>`));
    expect(last).not.toContain('role="alert"');
  });
});
