import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openPage, show, startBrowser } from './testing/browser.ts';
import { buildConsole } from './testing/build.ts';
import type { ScenarioName } from './testing/data/scenarios.ts';
import { SIGN_IN_TOKEN, startMockApi, type MockApi } from './testing/http/mock-api.ts';

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

async function open(scenario: ScenarioName, path: string, { signedIn = true } = {}): Promise<void> {
  api = await startMockApi({ scenario, signedIn });
  page = await openPage(browser);
  await show(page, api.url + path);
}

function pendingIds(): string[] {
  return api.world.approvals().filter(({ state }) => state === 'pending').sort((one, other) => Date.parse(one.expires_at) - Date.parse(other.expires_at)).map(({ id }) => id);
}

describe('signing in', () => {
  it('leads from any page to the ways in', async () => {
    await open('usual', '/cost?days=7', { signedIn: false });
    await page.getByRole('heading', { name: 'Sign in', level: 1 }).waitFor();
    await page.getByText('npm run sign-in').waitFor();
    expect(new URL(page.url()).searchParams.get('to')).toBe('/cost?days=7');
  });

  it('uses the token of the link once, takes it out of the address and goes where the person wanted', async () => {
    await open('usual', '/sign-in?to=%2Fpolicy', { signedIn: false });
    await page.goto(`${api.url}/sign-in?to=%2Fpolicy&fresh=1#token=${SIGN_IN_TOKEN}`);
    await page.getByRole('heading', { name: 'Policy', level: 1 }).waitFor();
    expect(new URL(page.url()).pathname + new URL(page.url()).hash).toBe('/policy');
    await page.goto(`${api.url}/sign-in?again=1#token=${SIGN_IN_TOKEN}`);
    await page.getByText('The sign-in link is not valid').waitFor();
  });
});

describe('approvals', () => {
  it('are approved by keyboard, on the digest that was shown', async () => {
    await open('usual', '/approvals');
    const [first, second] = pendingIds();
    await page.getByRole('button', { name: 'Approve' }).waitFor();
    await page.keyboard.press('j');
    await page.waitForURL(`**/approvals?selected=${second}`);
    await page.keyboard.press('k');
    await page.waitForURL(`**/approvals?selected=${first}`);
    const { action_digest: digest, preview } = api.world.approval(first ?? '')!;
    await page.getByRole('article', { name: preview.title }).waitFor();
    await page.keyboard.press('a');
    await page.getByRole('dialog').getByText('Approve this?').waitFor();
    expect(api.world.votes).toEqual([]);
    await page.keyboard.press('Enter');
    await page.getByText(/^Approved: INC/).waitFor();
    expect(api.world.votes).toEqual([{ decision: 'approve', action_digest: digest }]);
    await page.waitForURL(`**/approvals?selected=${second}`);
  });

  it('are not approved by the keys that lead to another page', async () => {
    await open('usual', '/approvals');
    await page.getByRole('button', { name: 'Approve' }).waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('r');
    await page.getByRole('heading', { name: 'Runs', level: 1 }).waitFor();
    expect(await page.getByRole('dialog').count()).toBe(0);
    expect(api.world.votes).toEqual([]);
  });

  it('are rejected with a reason and not without', async () => {
    await open('usual', '/approvals');
    await page.getByRole('button', { name: 'Reject' }).waitFor();
    await page.keyboard.press('r');
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Reject' }).click();
    await dialog.getByText('Write at least 1 letters').waitFor();
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('Wrong group');
    await dialog.getByRole('button', { name: 'Reject' }).click();
    await page.getByText(/^Rejected: INC/).waitFor();
    expect(api.world.votes).toMatchObject([{ decision: 'reject', reason: 'Wrong group' }]);
  });

  it('whose action changed are not voted on before the new one was seen', async () => {
    await open('usual', '/approvals');
    const [first = ''] = pendingIds();
    const approve = page.getByRole('button', { name: 'Approve' });
    await approve.waitFor();
    api.world.changeAction(first);
    await page.getByText('The action is not the one you see').waitFor();
    expect(await approve.getAttribute('aria-disabled')).toBe('true');
    await page.getByRole('button', { name: 'Show what would run now' }).click();
    await approve.click();
    await page.getByText(/^Approved: INC/).waitFor();
    expect(api.world.votes).toHaveLength(1);
  });

  it('say in words that a vote came too late for its digest', async () => {
    await open('usual', '/approvals');
    const [first = ''] = pendingIds();
    await page.getByRole('button', { name: 'Approve' }).waitFor();
    // The console has not heard of the change when the vote is cast.
    await page.route('**/api/v1/approvals/apr_*', (route) => (route.request().method() === 'GET' ? route.abort() : route.continue()));
    api.world.changeAction(first);
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.getByText('The action is not the one you saw').waitFor();
    await page.getByText('Your vote was not counted').waitFor();
    await page.unroute('**/api/v1/approvals/apr_*');
    await page.getByRole('button', { name: 'Read it again' }).click();
    await page.getByText('The action is not the one you see').waitFor();
  });

  it('tell who may not vote why', async () => {
    await open('viewer', '/approvals');
    const approve = page.getByRole('button', { name: 'Approve' });
    await approve.waitFor();
    expect(await approve.getAttribute('aria-description')).toContain('takes the role approver');
    await approve.click({ force: true });
    await page.keyboard.press('a');
    expect(await page.getByRole('dialog').count()).toBe(0);
    expect(api.world.votes).toEqual([]);
  });
});

describe('a run', () => {
  const runWith = (state: string): string => api.world.runs.find((run) => run.state === state)?.id ?? '';

  it('tells its story and gives its evidence', async () => {
    await open('usual', '/runs');
    await show(page, `${api.url}/runs/${runWith('succeeded')}`);
    await page.getByRole('region', { name: 'Step update' }).getByText('read back and compared').waitFor();
    await page.getByRole('region', { name: 'Step update' }).getByText('Writes to a system of record need a person').waitFor();
    expect(await page.getByRole('meter', { name: 'Confidence in Assignment group' }).getAttribute('aria-valuenow')).toBe('93');
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Evidence', exact: true }).click();
    expect((await download).suggestedFilename()).toBe(`evidence-${runWith('succeeded')}.zip`);
  });

  it('that waits has no evidence, and says so', async () => {
    await open('usual', '/runs');
    await show(page, `${api.url}/runs/${runWith('waiting')}`);
    expect(await page.getByRole('button', { name: 'Evidence' }).getAttribute('aria-description')).toBe('The evidence is built when the run has ended.');
    expect(await page.getByRole('button', { name: 'Redrive' }).getAttribute('aria-description')).toContain('No step is dead or failed that could be tried again');
  });

  it('is cancelled with a reason', async () => {
    await open('usual', '/runs');
    const id = runWith('waiting');
    await show(page, `${api.url}/runs/${id}`);
    await page.getByRole('button', { name: 'Cancel run' }).click();
    await page.getByRole('textbox', { name: 'Reason' }).fill('Raised twice');
    await page.getByRole('button', { name: 'Cancel the run' }).click();
    await page.getByText('The run is being cancelled', { exact: true }).first().waitFor();
    await page.getByRole('button', { name: 'Cancel run' }).and(page.locator('[aria-disabled]')).waitFor();
  });

  it('that does not exist is said in the words of the API', async () => {
    await open('usual', '/runs/run_nowhere');
    await page.getByText('There is no run run_nowhere.').waitFor();
    await page.getByText('req_01kstandin0000000000000000').waitFor();
  });
});

describe('the list of runs', () => {
  it('does not move under the pointer: new runs are counted until asked for', async () => {
    await open('usual', '/runs');
    const firstRow = page.getByRole('row').nth(1);
    const before = await firstRow.textContent();
    await page.getByText('Live', { exact: true }).waitFor();
    api.world.addRun(500, 'queued');
    api.world.addRun(501, 'queued');
    await page.getByRole('button', { name: '2 new results, refresh' }).waitFor();
    expect((await firstRow.textContent())?.slice(0, 20)).toBe(before?.slice(0, 20));
    await page.getByRole('button', { name: '2 new results, refresh' }).click();
    await page.getByRole('link', { name: 'INC0010501' }).waitFor();
  });

  it('has its filter in the address', async () => {
    await open('usual', '/runs?state=failed');
    await page.getByRole('row').nth(3).waitFor();
    expect(await page.getByRole('row').count()).toBe(1 + api.world.runs.filter(({ state }) => state === 'failed').length);
    await page.getByRole('searchbox').fill('INC0010004');
    await page.waitForURL('**/runs?state=failed&q=INC0010004');
  });

  it('goes on to older runs and back', async () => {
    await open('many', '/runs');
    await page.getByRole('button', { name: 'Older' }).click();
    await page.waitForURL('**/runs?cursor=50');
    await page.getByRole('button', { name: 'Newest' }).click();
    await page.waitForURL('**/runs');
  });

  it('that is empty says how to raise a ticket', async () => {
    await open('empty', '/runs');
    expect(await page.getByRole('link', { name: 'Raise a ticket' }).getAttribute('href')).toBe('/tickets');
  });

  it('that cannot be read gives the request id', async () => {
    await open('failing', '/runs');
    await page.getByText('Something went wrong on our side').waitFor();
    await page.getByText('req_01kstandin0000000000000000').waitFor();
  });

  it('follows changes again after the stream broke', async () => {
    await open('usual', '/runs');
    await page.getByText('Live', { exact: true }).waitFor();
    api.world.dropStreams();
    await page.getByText('Reconnecting', { exact: true }).waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
  });
});

describe('changes', () => {
  it('that the server cannot list are read anew', async () => {
    await open('usual', '/runs');
    await page.getByText('Live', { exact: true }).waitFor();
    api.world.runs[0]!.state = 'cancelled';
    api.world.resync();
    await page.getByRole('row').nth(1).getByText('cancelled').waitFor();
  });
});

describe('the rest', () => {
  it('a ticket is raised in the sandbox and gets its run', async () => {
    await open('usual', '/tickets');
    await page.getByText('Sandbox: not ServiceNow').waitFor();
    await page.getByRole('button', { name: 'Raise a ticket' }).click();
    await page.getByText(/^Raised INC/).waitFor();
    await page.getByRole('link', { name: 'INC0010016' }).waitFor();
  });

  it('the colour scheme is chosen and kept', async () => {
    await open('usual', '/runs');
    await page.getByRole('button', { name: /Account of Cell owner/ }).click();
    await page.getByText('Dark', { exact: true }).click();
    await page.waitForFunction(() => document.documentElement.dataset['mantineColorScheme'] === 'dark');
    await page.reload();
    expect(await page.evaluate(() => document.documentElement.dataset['mantineColorScheme'])).toBe('dark');
  });

  it('the palette leads anywhere', async () => {
    await open('usual', '/runs');
    await page.keyboard.press('Control+k');
    await page.getByRole('textbox', { name: 'Go to or do' }).fill('Policy');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Policy', level: 1 }).waitFor();
  });

  it('the keys are listed', async () => {
    await open('usual', '/runs');
    await page.keyboard.press('Shift+?');
    await page.getByRole('dialog').getByText('Go to Approvals').waitFor();
  });

  it('signing out leads to the sign-in page', async () => {
    await open('usual', '/runs');
    await page.getByRole('button', { name: /Account of Cell owner/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in', level: 1 }).waitFor();
  });
});
