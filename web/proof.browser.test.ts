import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openPage, show, startBrowser } from './testing/browser.ts';
import { buildConsole } from './testing/build.ts';
import type { ScenarioName } from './testing/data/scenarios.ts';
import { SINK_SECRET } from './testing/http/audit-peer-routes.ts';
import { startMockApi, type MockApi } from './testing/http/mock-api.ts';

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

describe('retention', () => {
  it('is changed by what was read, and warns before something is kept for a shorter time', async () => {
    await open('usual', '/privacy');
    await page.getByText('2,555 days').waitFor();
    await button('Change').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Bodies of audit events').fill('30');
    await dialog.getByRole('button', { name: 'Set it' }).click();
    await dialog.getByText('Bodies of audit events: write days from 365 to 36500, or nothing.').waitFor();
    await dialog.getByLabel('Bodies of audit events').fill('400');
    await dialog.getByText('This keeps something for a shorter time').waitFor();
    await dialog.getByRole('button', { name: 'Set it' }).click();
    await page.getByText('400 days').waitFor();
    expect(api.world.privacy.retention).toMatchObject({ content_days: 30, operational_days: null, audit_days: 400 });
  });

  it('is not changed by who may only look, who is told why', async () => {
    await open('viewer', '/privacy');
    expect(await button('Change').getAttribute('aria-description')).toBe('Changing the retention takes the role admin; your role is viewer.');
    expect(await button('Hold something').getAttribute('aria-description')).toContain('takes the role admin');
  });
});

describe('legal holds', () => {
  it('are set on what they name, and released with a reason', async () => {
    await open('usual', '/privacy');
    await button('Hold something').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('Case 2026-200');
    await dialog.getByRole('button', { name: 'Hold it' }).click();
    await dialog.getByText('Name what is held: the record, as runs name it.').waitFor();
    await dialog.getByLabel('What').selectOption('run');
    await dialog.getByLabel('Run id').fill(api.world.runs[0]?.id ?? '');
    await dialog.getByRole('button', { name: 'Hold it' }).click();
    const row = page.getByRole('row', { name: /^held a run .*Case 2026-200/ });
    await row.getByRole('button', { name: 'Release' }).click();
    await page.getByRole('dialog').getByRole('textbox', { name: 'Reason' }).fill('It is closed');
    await page.getByRole('dialog').getByRole('button', { name: 'Release it' }).click();
    await page.getByRole('row', { name: /^released a run .*Case 2026-200/ }).waitFor();
    expect(api.world.privacy.holds[0]).toMatchObject({ scope: 'run', target: api.world.runs[0]?.id });
  });
});

describe('the audit', () => {
  it('is searched by whom and to what, in the address, and computed anew against a note that was kept', async () => {
    await open('usual', '/audit');
    await page.getByLabel('Actor').fill('worker-1');
    await page.waitForURL('**/audit?actor=worker-1');
    await page.getByRole('row').nth(3).waitFor();
    await page.getByRole('row').getByText('approval.vote_cast').first().waitFor({ state: 'detached' });
    await button('Clear').click();
    await page.waitForURL('**/audit');
    await page.getByRole('link', { name: 'Checkpoints' }).click();
    await page.getByRole('row', { name: /^3 150 .* nobody/ }).waitFor();
    await button('Verify now').click();
    await page.getByRole('status', { name: 'What was found' }).getByText('Whether events after 165 were taken away').waitFor();
    await page.getByLabel('A note that you kept').fill('another history');
    await button('Verify now').click();
    await page.getByText('The note that you kept is about another history.').waitFor();
  });
});

describe('an event', () => {
  it('shows who may see each member, and is proven by the browser itself against what a checkpoint signs', async () => {
    await open('usual', '/audit?type=run.created');
    await page.getByRole('button', { name: 'run.created' }).last().click();
    await page.getByRole('row', { name: /^state public/ }).waitFor();
    await button('Prove it').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('it leads to the root that the checkpoint signs').waitFor();
    await dialog.getByText('auditor.example/witness').waitFor();
  });

  it('that was altered is found out, and one that no checkpoint signs yet is said to be', async () => {
    await open('usual', '/audit?type=run.created');
    await page.route('**/api/v1/audit/proofs/inclusion*', async (route) => {
      const answer = await (await route.fetch()).json() as { hashes: string[] };
      await route.fulfill({ json: { ...answer, hashes: answer.hashes.toReversed() } });
    });
    await page.getByRole('button', { name: 'run.created' }).last().click();
    await button('Prove it').click();
    await page.getByRole('dialog').getByText('It does not lead to the root that the checkpoint signs').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'run.created' }).last().click();
    await page.getByRole('button', { name: 'run.created' }).first().click();
    await button('Prove it').click();
    await page.getByRole('dialog').getByText('No checkpoint signs it yet').waitFor();
  });
});

describe('sinks', () => {
  it('are added with a secret that is shown once, tested, and paused', async () => {
    await open('usual', '/audit/sinks');
    await page.getByRole('region', { name: 'Audit sink Security lake' }).getByText('The sink answered 503.').waitFor();
    await button('Add a sink').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('Chronicle');
    await dialog.getByLabel('Address').fill('https://siem.acme.example/?token=1');
    await dialog.getByRole('button', { name: 'Add it' }).click();
    await dialog.getByText('The address has no query').waitFor();
    await dialog.getByLabel('Address').fill('https://siem.acme.example/in');
    await dialog.getByRole('button', { name: 'Add it' }).click();
    await dialog.getByText(SINK_SECRET).waitFor();
    await dialog.getByRole('button', { name: 'I have stored it' }).click();
    expect(await page.content()).not.toContain(SINK_SECRET);
    const card = page.getByRole('region', { name: 'Audit sink Chronicle' });
    await card.getByRole('button', { name: 'Test' }).click();
    await dialog.getByRole('button', { name: 'Send it' }).click();
    await dialog.getByText('It took it').waitFor();
    await page.keyboard.press('Escape');
    await card.getByRole('button', { name: 'Pause' }).click();
    await card.getByRole('button', { name: 'Go on' }).waitFor();
    expect(api.world.auditPeers.sinks.at(-1)).toMatchObject({ name: 'Chronicle', kind: 'webhook', format: 'ocsf', types: null, state: 'disabled' });
  });
});

describe('witnesses', () => {
  it('are added by their key, and say up to where they vouch', async () => {
    await open('usual', '/audit/witnesses');
    await page.getByRole('region', { name: 'Witness auditor.example/witness' }).getByRole('row', { name: 'IT operations 100 its cosignature' }).waitFor();
    await button('Add a witness').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Its key').fill('other.example/w1+1a2b3c4d+BAmadeUp');
    await dialog.getByLabel('Its address').fill('https://other.example');
    await dialog.getByRole('button', { name: 'Add it' }).click();
    const card = page.getByRole('region', { name: 'Witness other.example/w1' });
    await card.getByText('not asked yet').waitFor();
    await card.getByRole('button', { name: 'Remove' }).click();
    await dialog.getByRole('button', { name: 'Remove it' }).click();
    await card.waitFor({ state: 'hidden' });
  });
});

describe('credentials', () => {
  it('are stored, rotated where they are kept, and removed when nothing uses them', async () => {
    await open('usual', '/credentials');
    const used = page.getByRole('row', { name: /^servicenow-prod/ });
    expect(await used.getByRole('button', { name: 'Remove' }).getAttribute('aria-description')).toContain('1 use of it');
    await button('Store a credential').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('workday');
    await dialog.getByLabel('Kind').selectOption('bearer');
    await dialog.getByRole('button', { name: 'Store it' }).click();
    await dialog.getByText('Fill in: Token.').waitFor();
    await dialog.getByRole('textbox', { name: 'Token' }).fill('not-a-real-token');
    await dialog.getByRole('button', { name: 'Store it' }).click();
    const row = page.getByRole('row', { name: /^workday .* bearer token sealed here nothing 1 stored now/ });
    await row.getByRole('button', { name: 'Rotate' }).click();
    await dialog.getByText('Kept elsewhere').click();
    await dialog.getByLabel('Reference').fill('env:WORKDAY');
    await dialog.getByRole('button', { name: 'Rotate it' }).click();
    await page.getByRole('row', { name: /^workday .* env:WORKDAY nothing 2 rotated now/ }).getByRole('button', { name: 'Remove' }).click();
    await dialog.getByRole('button', { name: 'Remove it' }).click();
    await page.getByRole('row', { name: /^workday/ }).waitFor({ state: 'hidden' });
  });
});

describe('agents', () => {
  it('are enrolled with a token that is shown once, drained with a reason, and said to be looked at by resuming them', async () => {
    await open('usual', '/agents');
    const pool = page.getByRole('region', { name: 'Pool frankfurt, prod' });
    await pool.getByRole('button', { name: 'Enrol an agent' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('cs_enrol_a-token-of-the-stand-in-which-enrols-nobody').waitFor();
    await dialog.getByText('countersign-agent enroll').waitFor();
    await dialog.getByRole('button', { name: 'I have stored it' }).click();
    const alarm = page.getByRole('alert').filter({ hasText: 'An agent needs somebody to look at it' });
    await alarm.getByText('The token that enrolled it was used a second time').waitFor();
    const alarmed = pool.getByRole('row', { name: /The cell drained it/ });
    await alarmed.getByRole('button', { name: 'Resume' }).click();
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('Both tries were ours');
    await dialog.getByRole('button', { name: 'Resume it' }).click();
    await alarm.waitFor({ state: 'hidden' });
    await page.getByRole('row', { name: /^0\.3\.1 .*An agent did not work with it/ }).getByRole('button', { name: 'Resume' }).click();
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('Its disk was full');
    await dialog.getByRole('button', { name: 'Resume it' }).click();
    await page.getByRole('row', { name: /^0\.3\.1 .* running 2 of 3: 50 % of the agents/ }).waitFor();
    // Changed elsewhere: the page is told, and reads it anew.
    const working = api.world.agents.agents[0]!;
    Object.assign(working, { state: 'draining', state_reason: 'Moved to another rack' });
    api.world.emit('agent', working.id, 'draining');
    await pool.getByRole('row', { name: /draining Moved to another rack/ }).waitFor();
  });

  it('are left alone by who may only look, who is told why; a first day says how to begin', async () => {
    await open('viewer', '/agents');
    expect(await page.getByRole('region', { name: 'Pool frankfurt, prod' }).getByRole('button', { name: 'Enrol an agent' }).getAttribute('aria-description')).toBe('Enrolling an agent takes the role admin; your role is viewer.');
    await page.getByText('Seeing tokens takes the role admin; your role is viewer.').waitFor();
    await page.context().close();
    await api.stop();
    await open('empty', '/agents');
    await page.getByRole('heading', { name: 'No pool of agents' }).waitFor();
  });
});

describe('evidence', () => {
  it('of a period is asked for, and what is built is there to download', async () => {
    await open('usual', '/evidence');
    expect(await page.getByRole('row', { name: /^built period/ }).getByRole('link', { name: 'Download' }).getAttribute('href')).toBe(`/api/v1/evidence-packages/${api.world.packages[1]?.id}/archive`);
    expect(await page.getByRole('row', { name: /^failed/ }).getByRole('button', { name: 'Download' }).getAttribute('aria-description')).toBe('It is not built.');
    await button('Ask for evidence').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('From (UTC)').fill('2026-06-01T00:00');
    await dialog.getByLabel('Until (UTC), in the past').fill('2026-05-01T00:00');
    await dialog.getByRole('button', { name: 'Ask for it' }).click();
    await dialog.getByText('The period ends after it begins.').waitFor();
    await dialog.getByLabel('Until (UTC), in the past').fill('2026-07-01T00:00');
    await dialog.getByRole('button', { name: 'Ask for it' }).click();
    await page.getByRole('row', { name: /^requested period: 2026-06-01 00:00:00 UTC to 2026-07-01/ }).waitFor();
  });
});

describe('erasure', () => {
  it('says what it does, and shows what stands in the way', async () => {
    await open('usual', '/privacy');
    await page.getByRole('row', { name: /^held .* held by/ }).first().waitFor();
    await button('Erase somebody').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('It cannot be undone').waitFor();
    await dialog.getByLabel('Who').selectOption('terms');
    await dialog.getByLabel('Names').fill('Al');
    await dialog.getByRole('button', { name: 'Erase them' }).click();
    await dialog.getByText('A name has at least 3 letters.').waitFor();
    await dialog.getByLabel('Names').fill('Alex Example');
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('They asked for it');
    await dialog.getByRole('button', { name: 'Erase them' }).click();
    await page.getByRole('region', { name: 'Erasure requests as a table' }).getByRole('row', { name: /^requested/ }).waitFor();
  });
});

describe('keys', () => {
  it('are revoked with the moment since when somebody else may have had them, and show what they signed', async () => {
    await open('usual', '/keys');
    const row = page.getByRole('row', { name: /^evidence signing/ });
    await row.getByRole('button', { name: 'Revoke' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Revoke it' }).click();
    await dialog.getByText('Say why, in at least 3 letters.').waitFor();
    await dialog.getByLabel('Somebody else may have had it since (UTC)').fill('2026-11-20T12:00');
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('A laptop was stolen');
    await dialog.getByRole('button', { name: 'Revoke it' }).click();
    await row.waitFor({ state: 'hidden' });
    expect(api.world.keys.signing.find(({ purpose, revoked_at }) => purpose === 'evidence' && revoked_at !== null && Date.parse(revoked_at) > Date.now() - 60_000)).toMatchObject({ compromised_since: '2026-11-20T12:00:00Z' });
    const lost = page.getByRole('row', { name: /^evidence revoked/ }).first();
    expect(await lost.getByRole('button', { name: 'Revoke' }).getAttribute('aria-description')).toBe('It is revoked.');
    await lost.getByRole('button', { name: 'What it signed' }).click();
    await page.getByRole('region', { name: 'What it signed, as a table' }).waitFor();
  });

  it('rotate one purpose at a time, with an overlap', async () => {
    await open('usual', '/keys');
    await button('Sign with a new key').click();
    const dialog = page.getByRole('dialog');
    expect(await dialog.getByLabel('What is signed').getByRole('option').allTextContents()).toEqual(['evidence', 'webhook', 'work order', 'agent release']);
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('Every year');
    await dialog.getByRole('button', { name: 'Rotate' }).click();
    await page.getByText(/^evidence-.* is published, and signs when the overlap is over$/).waitFor();
    await button('Seal with a new key').click();
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('Every year');
    await dialog.getByRole('button', { name: 'Rotate' }).click();
    await page.getByRole('row', { name: /^content sealing 3/ }).waitFor();
  });

  it('that seal are not shown to who may not read them', async () => {
    await open('viewer', '/keys');
    await page.getByRole('row', { name: /^checkpoint upcoming/ }).waitFor();
    expect(await page.getByRole('heading', { name: 'Keys that seal' }).count()).toBe(0);
    expect(await button('Revoke').first().getAttribute('aria-description')).toBe('Revoking a key takes the role admin; your role is viewer.');
  });
});

describe.each([['/privacy', 'the retention']])('%s', (path, what) => {
  it('says who has no role in the workspace what to do about it', async () => {
    await open('no-role', path);
    await page.getByRole('alert').getByText('You have no role in this workspace. Ask one of its admins.').first().waitFor();
  });

  it('gives the request id when it cannot be read, and reads again when asked', async () => {
    await open('failing', path);
    await page.getByText('req_01kstandin0000000000000000').first().waitFor();
    api.world.scenario.failing = false;
    await page.getByRole('button', { name: 'Try again' }).first().click();
    await page.getByRole('region').first().waitFor();
  });

  it('says that it is loading', async () => {
    api = await startMockApi({ scenario: 'usual', signedIn: true });
    page = await openPage(browser);
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => { letGo = resolve; });
    await page.route(/\/api\/v1\/(?!me|cell|events)/, async (route) => {
      await held;
      await route.continue();
    });
    await page.goto(api.url + path);
    await page.getByRole('status', { name: `Loading ${what}` }).waitFor();
    letGo();
    await page.getByRole('status', { name: `Loading ${what}` }).waitFor({ state: 'detached' });
  });
});
