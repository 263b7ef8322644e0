import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openPage, show, startBrowser } from './testing/browser.ts';
import { buildConsole } from './testing/build.ts';
import type { ScenarioName } from './testing/data/scenarios.ts';
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

describe('an effect that nobody can tell about', () => {
  async function openQuestion(): Promise<string> {
    await open('engine', '/approvals');
    const question = api.world.approvals().find(({ kind, state }) => kind === 'outcome' && state === 'pending')!;
    await show(page, `${api.url}/approvals?selected=${question.id}`);
    return question.action_digest;
  }

  it('is asked about, never approved: there is no button and no key that sends it again', async () => {
    await openQuestion();
    await page.getByText('Nothing is sent again before you have answered.').waitFor();
    await page.getByText('The worker died between the call and its answer').waitFor();
    expect(await page.getByRole('button', { name: 'Approve' }).count()).toBe(0);
    await page.keyboard.press('a');
    await page.keyboard.press('r');
    expect(await page.getByRole('dialog').count()).toBe(0);
    expect(api.world.votes).toEqual([]);
  });

  it.each([['It happened', 'happened'], ['It did not happen', 'did_not_happen']] as const)('%s: is answered with how one knows', async (name, decision) => {
    const digest = await openQuestion();
    await page.getByRole('button', { name }).click();
    await page.getByRole('dialog').getByRole('button', { name }).click();
    await page.getByText('Write at least 1 letters').waitFor();
    await page.getByRole('textbox', { name: 'Reason' }).fill('I looked at the ticket');
    await page.getByRole('dialog').getByRole('button', { name }).click();
    await page.getByText(/^Answered: INC/).waitFor();
    expect(api.world.votes).toEqual([{ decision, action_digest: digest, reason: 'I looked at the ticket' }]);
  });
});

describe('kill switches and clocks', () => {
  it('an approval whose clock stands says how much is left, and comes last', async () => {
    await open('stopped', '/approvals');
    await page.getByText(/its clock stands: .* are left when the/).waitFor();
    expect(await page.getByRole('navigation', { name: 'Approvals' }).getByText('its clock stands').count()).toBe(3);
  });

  it('one that lets go in stages says how far it is, on every page', async () => {
    await open('engine', '/approvals');
    await page.getByRole('alert').getByText('Workflow classifier-training goes on in stages: 10 % of its runs').waitFor();
    await page.getByRole('alert').getByRole('link', { name: 'Kill switches' }).click();
    const card = page.getByRole('region', { name: 'Going on in stages: Workflow classifier-training' });
    await card.getByText('1 of 2, then all').waitFor();
    await card.getByText(/^in \d min/).waitFor();
  });

  it('is let go in stages that grow', async () => {
    await open('usual', '/policy/kill-switches');
    await page.getByRole('button', { name: 'Stop something' }).click();
    await page.getByRole('textbox', { name: 'Reason' }).fill('It writes to the wrong group');
    await page.getByRole('button', { name: 'Stop it' }).click();
    await page.getByRole('button', { name: 'Let it go on' }).click();
    await page.getByRole('radio', { name: 'In stages' }).check();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Stage 2: percent of the runs' }).fill('5');
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('The group is right');
    await dialog.getByRole('button', { name: 'Let it go on' }).click();
    await dialog.getByRole('alert').getByText('Stage 2: each stage lets more go on than the one before.').waitFor();
    await dialog.getByRole('button', { name: 'Remove stage 2' }).click();
    await dialog.getByRole('button', { name: 'Let it go on' }).click();
    await page.getByRole('region', { name: /^Going on in stages/ }).getByText('1 of 1, then all').waitFor();
    expect(api.world.killSwitches[0]).toMatchObject({ release_reason: 'The group is right', recovery: [{ share: 0.1, for_ms: 300_000 }] });
  });
});
