import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openPage, show, startBrowser } from './testing/browser.ts';
import { buildConsole } from './testing/build.ts';
import { idOf } from './testing/data/ids.ts';
import type { ScenarioName } from './testing/data/scenarios.ts';
import { STAND_IN_SECRET } from './testing/http/machine-routes.ts';
import { startMockApi, type MockApi } from './testing/http/mock-api.ts';
import { INVITATION } from './testing/http/people-routes.ts';

let browser: Browser;
let api: MockApi;
let page: Page;

beforeAll(async () => {
  await buildConsole();
  browser = await startBrowser();
}, 120_000);
afterAll(() => browser.close());
afterEach(async () => {
  await page.context().close();
  await api.stop();
  expect(api.violations).toEqual([]);
});

async function open(scenario: ScenarioName, path: string): Promise<void> {
  api = await startMockApi({ scenario, signedIn: true });
  page = await openPage(browser);
  await show(page, api.url + path);
}

const button = (name: string) => page.getByRole('button', { name, exact: true });

describe('signing in', () => {
  it('asks which organisation, then offers what it has; a refusal of the way back is said in words', async () => {
    api = await startMockApi({ scenario: 'usual', signedIn: false });
    page = await openPage(browser);
    await show(page, `${api.url}/privacy`);
    await button('Continue').click();
    await page.getByText('Name it', { exact: true }).waitFor();
    await page.getByLabel('Organisation').fill('acme');
    await button('Continue').click();
    await button('Continue with Acme Entra').click();
    await page.getByText('nobody has invited you here').waitFor();
    expect(api.world.signIns).toEqual([{ tenant: 'acme', provider_id: idOf('identity_provider', 'entra'), return_to: '/privacy' }]);
    await page.goto(`${api.url}/sign-in?fresh=1&to=%2Fapprovals&error=%3Cb%3E`);
    await page.getByText('The sign-in did not work').waitFor();
    await button('Continue with Acme Entra').click();
    await page.getByText('nobody has invited you here').waitFor();
    expect(api.world.signIns.at(-1)).toEqual({ tenant: 'acme', provider_id: idOf('identity_provider', 'entra'), return_to: '/approvals', step_up: { max_age_s: 0 } });
    await button('Another organisation').click();
    await page.getByText('npm run sign-in').waitFor();
  });
});

describe('people', () => {
  it('are found by name, invited by a link that is shown once, and shut out', async () => {
    await open('usual', '/people?q=dana');
    await page.getByRole('row', { name: /^active Dana Desk lead .* approver .* Acme Entra/ }).waitFor();
    expect(await page.getByText('Former colleague').count()).toBe(0);
    await button('Invite somebody').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('E-mail').fill('nobody');
    await dialog.getByRole('button', { name: 'Invite' }).click();
    await dialog.getByText('Write an e-mail address.').waitFor();
    await dialog.getByLabel('E-mail').fill('next@acme.example');
    await dialog.getByLabel('Name').fill('Next colleague');
    await dialog.getByRole('button', { name: 'Invite' }).click();
    await dialog.getByText(`/sign-in#invitation=${INVITATION}`).waitFor();
    await button('I have stored it').click();
    await page.getByRole('row', { name: /^open Next colleague/ }).getByRole('button', { name: 'Withdraw' }).click();
    await page.getByRole('row', { name: /^revoked Next colleague/ }).waitFor();
    await page.getByRole('link', { name: 'Dana Desk lead' }).click();
    await button('Shut them out').click();
    await dialog.getByRole('button', { name: 'Shut them out' }).click();
    await button('Let them in again').waitFor();
  });

  it('who are invited see to what, and come in by a way of theirs; an old invitation says so', async () => {
    api = await startMockApi({ scenario: 'usual', signedIn: false });
    page = await openPage(browser);
    await show(page, `${api.url}/sign-in#invitation=${INVITATION}`);
    await page.getByText('New colleague').waitFor();
    expect(new URL(page.url()).hash).toBe('');
    await button('Continue with Acme Entra').click();
    await page.getByText('The sign-in was refused').waitFor();
    expect(api.world.signIns).toEqual([{ token: INVITATION, provider_id: idOf('identity_provider', 'entra') }]);
    await page.goto(`${api.url}/sign-in?again=1#invitation=old`);
    await page.getByText('The invitation is unknown, withdrawn, used or over.').waitFor();
  });

  it('hold what their groups hold', async () => {
    await open('usual', '/people');
    const leads = page.getByRole('row', { name: /^Desk leads/ });
    expect(await leads.getByRole('button', { name: 'Members' }).count()).toBe(0);
    await leads.getByRole('button', { name: 'Roles' }).click();
    await page.getByRole('dialog').getByText('approver').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Set it' }).click();
    await page.getByText('Members of Desk leads hold it from now on').waitFor();
    expect(api.world.people.groupRoles).toMatchObject([{ workspace_id: idOf('workspace', 'it'), role: 'approver' }]);
  });
});

describe('identity providers', () => {
  it('are added with the address to register, tested, changed by what was read, and switched off', async () => {
    await open('usual', '/identity-providers');
    await button('Add a provider').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('GitLab');
    await dialog.getByLabel('Issuer').fill('https://gitlab.example');
    await dialog.getByLabel('Client id').fill('countersign');
    await dialog.getByLabel('Who may come in').selectOption('just_in_time');
    await dialog.getByRole('button', { name: 'Add it' }).click();
    await dialog.getByText('Name the e-mail domains of which everybody may come in.').waitFor();
    await dialog.getByLabel('E-mail domains').fill('acme.example');
    await dialog.getByRole('button', { name: 'Add it' }).click();
    await page.getByRole('dialog', { name: 'Register the redirect address at GitLab' }).getByText('/api/v1/sign-in/oidc/callback/').waitFor();
    await dialog.getByRole('button', { name: 'Close', exact: true }).last().click();
    const card = page.getByRole('region', { name: 'Identity provider GitLab' });
    await card.getByRole('button', { name: 'Test' }).click();
    await dialog.getByText('It answers, and people can sign in by it.').waitFor();
    await page.keyboard.press('Escape');
    await card.getByRole('button', { name: 'Change' }).click();
    expect(await dialog.getByLabel('Issuer').count()).toBe(0);
    await dialog.getByLabel('Claim that names groups').fill('groups');
    await dialog.getByRole('button', { name: 'Change it' }).click();
    await card.getByText('of the claim groups').waitFor();
    await card.getByRole('button', { name: 'Disable' }).click();
    await card.getByRole('button', { name: 'Enable' }).waitFor();
    expect(api.world.identityProviders.at(-1)).toMatchObject({ name: 'GitLab', issuer: 'https://gitlab.example', groups_claim: 'groups', allowed_email_domains: ['acme.example'], provisioning: 'just_in_time', has_client_secret: false, enabled: false, version: 3 });
  });

  it('that do not answer say so where they are tested', async () => {
    await open('usual', '/identity-providers');
    await page.getByRole('region', { name: 'Identity provider Okta before the move' }).getByRole('button', { name: 'Test' }).click();
    await page.getByRole('dialog').getByText('It did not answer within 10 s.').waitFor();
  });
});

describe('away from home', () => {
  it('what concerns the whole tenant says where it is changed, and people are not looked for in vain', async () => {
    await open('usual', '/runs');
    await page.getByRole('button', { name: /^Account of/ }).click();
    await page.getByRole('menuitemradio', { name: 'IT operations (home)' }).waitFor();
    await page.getByRole('menuitemradio', { name: 'HR service' }).click();
    await page.getByRole('button', { name: /^Account of .* HR service/ }).waitFor();
    await page.getByRole('link', { name: /^Access/ }).click();
    await page.getByText('People are kept in the home workspace').waitFor();
    await page.getByRole('link', { name: 'Machines' }).click();
    expect(await button('Trust an issuer').getAttribute('aria-description')).toBe('This concerns the whole tenant: choose its home workspace, IT operations, in the menu of your account.');
    await page.getByRole('link', { name: 'Roles', exact: true }).click();
    await button('Give a role').click();
    await page.getByRole('dialog').getByText('People can be looked for in the home workspace.').waitFor();
  });
});

describe('workspaces', () => {
  it('are chosen in the account menu; every request names the one that is shown', async () => {
    await open('usual', '/privacy');
    const named: Array<string | undefined> = [];
    page.on('request', (request) => { if (request.url().includes('/api/v1/runs')) named.push(request.headers()['countersign-workspace']); });
    await page.getByRole('button', { name: /Account of/ }).click();
    expect(await page.getByRole('menuitemradio', { name: /^IT operations/ }).getAttribute('aria-checked')).toBe('true');
    await page.getByRole('menuitemradio', { name: /^HR service/ }).click();
    await page.waitForURL('**/runs');
    await page.getByRole('button', { name: /Account of.*HR service/ }).waitFor();
    await page.getByRole('table').first().waitFor();
    expect(new Set(named)).toEqual(new Set([idOf('workspace', 'hr')]));
  });
});

describe('sessions', () => {
  it('are listed with how they began, and ended one by one or all but this one', async () => {
    await open('usual', '/account');
    const phone = page.getByRole('row', { name: /by Acme Entra with a second factor.*iPhone/ });
    await phone.getByRole('button', { name: 'End', exact: true }).click();
    await phone.waitFor({ state: 'hidden' });
    expect(await button('End all others').getAttribute('aria-description')).toBe('There is no other session.');
    expect(await page.getByRole('row', { name: /this one/ }).getByRole('button', { name: 'Sign out' }).isVisible()).toBe(true);
  });
});

describe('machines', () => {
  it('get keys whose value is shown once and kept nowhere', async () => {
    await open('usual', '/account');
    await button('Make a key').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Make it' }).click();
    await dialog.getByText('Give it a name.').waitFor();
    await dialog.getByLabel('Name').fill('laptop');
    await dialog.getByRole('button', { name: 'Make it' }).click();
    await page.getByText(STAND_IN_SECRET).waitFor();
    await page.keyboard.press('Escape');
    await button('I have stored it').click();
    await page.getByRole('row', { name: /^laptop/ }).waitFor();
    expect((await page.content()).includes(STAND_IN_SECRET)).toBe(false);
    const rotated = page.getByRole('row', { name: /another took its place/ });
    expect(await rotated.getByRole('button', { name: 'Rotate' }).getAttribute('aria-description')).toContain('another key took its place');
  });

  it('are trusted by tokens of an issuer, on conditions of which one is exact', async () => {
    await open('usual', '/machines');
    await button('Trust an issuer').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('GitLab');
    await dialog.getByLabel('Issuer').fill('https://gitlab.example');
    await dialog.getByLabel('Acts for').selectOption('Build server');
    await dialog.getByRole('combobox', { name: 'May' }).fill('workflows:publish');
    await page.getByRole('option', { name: 'workflows:publish' }).click();
    await page.keyboard.press('Tab');
    await dialog.getByLabel('Value of claim 1').fill('project:*');
    await dialog.getByLabel('How claim 1 is compared').selectOption('glob');
    await dialog.getByRole('button', { name: 'Trust it' }).click();
    await dialog.getByText('One condition at least says exactly what a claim must be.').waitFor();
    await dialog.getByLabel('How claim 1 is compared').selectOption('equals');
    await dialog.getByRole('button', { name: 'Trust it' }).click();
    await page.getByRole('row', { name: /^GitLab .* sub is exactly project:\*/ }).getByRole('button', { name: 'Try a token' }).click();
    await dialog.getByRole('textbox', { name: 'Token' }).fill('bad');
    await dialog.getByRole('button', { name: 'Try it' }).click();
    await dialog.getByText('it must fit refs/tags/*').waitFor();
  });
});

describe('roles', () => {
  it('are given, and taken where they were given here', async () => {
    await open('usual', '/roles');
    const byGroup = page.getByRole('row', { name: /^Cell owner .* approver a group/ });
    expect(await byGroup.getByRole('button', { name: 'Take away' }).getAttribute('aria-description')).toBe('It comes by something else: end that.');
    await button('Give a role').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('combobox', { name: 'To' }).fill('build');
    await page.getByRole('option', { name: 'Build server' }).click();
    await dialog.getByLabel('Role').selectOption('operator');
    await dialog.getByLabel('For').selectOption('3600');
    await dialog.getByRole('button', { name: 'Give it' }).click();
    const given = page.getByRole('row', { name: /^Build server a service .* operator given here .* in \d+ min/ });
    await given.getByRole('button', { name: 'Take away' }).click();
    await dialog.getByRole('button', { name: 'Take it away' }).click();
    await given.waitFor({ state: 'hidden' });
  });

  it('of one’s own say what a change gives and takes; built-in ones do not change', async () => {
    await open('usual', '/roles');
    const table = page.getByRole('region', { name: 'Roles as a table' });
    await table.getByRole('row', { name: /^viewer .* the same in every tenant$/ }).waitFor();
    expect(await table.getByRole('row', { name: /^Night desk/ }).getByRole('button', { name: 'Remove' }).getAttribute('aria-description')).toContain('Somebody holds it');
    await table.getByRole('row', { name: /^Night desk/ }).getByRole('button', { name: 'Change' }).click();
    await page.getByRole('combobox', { name: 'May' }).fill('audit:read');
    await page.getByRole('option', { name: 'audit:read' }).click();
    await page.keyboard.press('Tab');
    await page.getByRole('list', { name: 'What changes' }).getByText('gives audit:read').waitFor();
    await page.getByRole('button', { name: 'Change it' }).click();
    await page.getByText('Night desk is changed for everybody who holds it').waitFor();
    expect(api.world.access.roles.find(({ name }) => name === 'Night desk')).toMatchObject({ version: 3, permissions: expect.arrayContaining(['audit:read']) });
  });

  it('are not given by who may not, who is told why', async () => {
    await open('viewer', '/roles');
    expect(await button('Give a role').getAttribute('aria-description')).toBe('Giving a role takes the role admin; your role is viewer.');
    expect(await button('Make a role').getAttribute('aria-description')).toContain('takes the role admin');
  });
});

describe('changes', () => {
  it('that take a second person say so where they are asked for, and lead to the change', async () => {
    await open('usual', '/roles');
    await button('Give a role').click();
    await page.getByRole('dialog').getByRole('combobox', { name: 'To' }).fill('dana');
    await page.getByRole('option', { name: /^Dana Desk lead/ }).click();
    await page.getByRole('dialog').getByLabel('Role').selectOption('admin');
    await button('Give it').click();
    await page.getByRole('dialog').getByText('It waits for a second person').waitFor();
    await page.getByRole('link', { name: 'Open the change' }).click();
    await page.waitForURL(`**/changes?selected=${idOf('change_request', 'grant')}`);
    await page.getByRole('region', { name: 'The call' }).getByText('"role": "admin"').waitFor();
    await page.getByRole('button', { name: 'Agree' }).click();
    await page.getByText('Agreed, and carried out for who asked').waitFor();
    expect(api.world.access.changes[0]).toMatchObject({ state: 'executed' });
  });

  it('are not decided by who asked, who may take them back', async () => {
    await open('usual', `/changes?selected=${idOf('change_request', 'own')}`);
    await page.getByRole('dialog').getByText('You asked for it: somebody else decides.').waitFor();
    expect(await page.getByRole('button', { name: 'Agree' }).getAttribute('aria-description')).toBe('You asked for it: somebody else decides.');
    await page.getByRole('button', { name: 'Take it back' }).click();
    await page.getByText('Taken back').waitFor();
  });
});

describe('break-glass', () => {
  it('takes a role with a reason, says so on every page until it is given back, and is reviewed by somebody else', async () => {
    await open('usual', '/break-glass');
    await page.getByRole('row', { name: /^to review Dana Desk lead/ }).getByRole('button', { name: 'Review' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('It was night');
    await dialog.getByRole('button', { name: 'Say so' }).click();
    await page.getByRole('row', { name: /^justified Dana Desk lead/ }).waitFor();
    await button('Break the glass').click();
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('Down');
    await dialog.getByRole('button', { name: 'Take the role now' }).click();
    await dialog.getByText('Say what the emergency is, in at least 10 letters.').waitFor();
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('The desk is down, nobody answers');
    await dialog.getByRole('button', { name: 'Take the role now' }).click();
    await page.getByRole('link', { name: 'Runs', exact: true }).click();
    const banner = page.getByRole('alert').filter({ hasText: 'You hold admin in an emergency' });
    await banner.getByRole('button', { name: 'Give it back' }).click();
    await banner.waitFor({ state: 'hidden' });
    expect(api.world.access.emergencies[0]).toMatchObject({ active: false, ended_because: 'ended' });
  });
});
