import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openPage, show, startBrowser } from './testing/browser.ts';
import { buildConsole } from './testing/build.ts';
import { startMockApi, type MockApi } from './testing/http/mock-api.ts';

let browser: Browser;
let api: MockApi;
let page: Page;

beforeAll(async () => {
  await buildConsole();
  browser = await startBrowser();
}, 120_000);
afterAll(() => browser.close());
beforeEach(async () => {
  api = await startMockApi({ scenario: 'engine', signedIn: true });
  page = await openPage(browser);
});
afterEach(async () => {
  await page.context().close();
  await api.stop();
  expect(api.violations).toEqual([]);
});

/** The run through sixty items, the one whose outcome nobody knows, the paused one. */
async function openRun(which: 'map' | 'outcome' | 'paused', rest = ''): Promise<string> {
  const id = api.world.runs[['map', 'outcome', 'paused'].indexOf(which)]?.id ?? '';
  await show(page, `${api.url}/runs/${id}${rest}`);
  return id;
}

describe('a run with many items', () => {
  it('folds them, and shows first what a person looks at first', async () => {
    await openRun('map');
    const fold = page.getByRole('button', { name: /^60 items/ });
    await fold.waitFor();
    expect(await page.getByRole('region', { name: 'Step each[7].write' }).count()).toBe(0);
    await fold.click();
    const items = page.getByRole('list', { name: 'Items of each' }).getByRole('button', { name: /^Item / });
    expect(await items.first().textContent()).toContain('Item 7dead');
    expect(await items.count()).toBe(50);
    await page.getByRole('button', { name: 'Show 10 more' }).click();
    expect(await items.count()).toBe(60);
    await items.first().click();
    await page.getByRole('region', { name: 'Step each[7].write' }).getByText('attempts_exhausted').waitFor();
  });

  it('says what each step waits for: items, a run that it started, a time', async () => {
    await openRun('map');
    await page.getByText('Waits for its items').waitFor();
    await page.getByText('Waits for the run of classifier-training that it started').waitFor();
    await page.getByRole('region', { name: 'Step escalation' }).getByText('Started a run of classifier-training@1').waitFor();
    expect(await page.getByRole('region', { name: 'Step escalation' }).getByRole('link').getAttribute('href')).toMatch(/^\/runs\/run_/);
    await page.getByText('With 1 run below').waitFor();
    await page.getByText(/^Goes on in 1 h/).waitFor();
  });

  it('has a timeline: who holds what until when, how the time was spent, and what it started', async () => {
    await openRun('map', '?tab=timeline');
    await page.getByRole('row', { name: /^each\[41\]\.write.*worker-1 ?fence 1, lease for \d+ s/ }).waitFor();
    expect(await page.getByRole('row', { name: /^tomorrow.*It waits until the time.*1 h [12] min left/ }).count()).toBe(1);
    const bars = page.getByRole('list', { name: 'Steps over time' });
    expect(await bars.getByRole('img').count()).toBe(4);
    await bars.getByRole('button', { name: /^60 items: 1 dead/ }).click();
    expect(await bars.getByRole('img').count()).toBe(64);
    expect(await page.getByRole('link', { name: 'Run that it started' }).getAttribute('href')).toMatch(/^\/runs\/run_/);
  });

  it('that is cancelled names what could not be stopped', async () => {
    await openRun('map');
    await page.getByRole('button', { name: 'Cancel run' }).click();
    await page.getByRole('textbox', { name: 'Reason' }).fill('Wrong list');
    await page.getByRole('button', { name: 'Cancel the run' }).click();
    const seen = page.getByRole('dialog', { name: 'Under way, and not to be stopped' });
    await seen.getByText('each[45].write').waitFor();
    expect(await seen.getByRole('listitem').count()).toBe(5);
    await seen.getByRole('button', { name: 'I have seen it' }).click();
    await seen.waitFor({ state: 'hidden' });
  });
});

describe('a run that is cancelled', () => {
  it('shows what could not be stopped for good', async () => {
    const run = api.world.runs[2]!;
    Object.assign(run, { state: 'cancelled', paused_at: null, error: { code: 'run_cancelled', message: 'A person cancelled it.', data: { not_stopped: [{ step_key: 'update', state: 'uncertain', action: 'servicenow/incident.update' }] } } });
    await openRun('paused');
    await page.getByRole('list', { name: 'Could not be stopped' }).getByText('servicenow/incident.update').waitFor();
  });
});

describe('a pause', () => {
  it('is asked for with a reason, seen, and ended with a reason', async () => {
    await openRun('map');
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    await page.getByRole('button', { name: 'Pause the run' }).click();
    await page.getByText('Write at least 3 letters').waitFor();
    await page.getByRole('textbox', { name: 'Reason' }).fill('The groups are being moved');
    await page.getByRole('button', { name: 'Pause the run' }).click();
    await page.getByText('“The groups are being moved”').waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('textbox', { name: 'Reason' }).fill('They are moved');
    await page.getByRole('button', { name: 'Let it go on' }).click();
    await page.getByRole('button', { name: 'Pause', exact: true }).waitFor();
    expect(await page.getByText('Paused: nothing new begins').count()).toBe(0);
  });

  it('is why a step that would be tried again is not', async () => {
    await openRun('paused');
    await page.getByRole('region', { name: 'Step triage' }).getByText('Nothing begins while the run is paused').waitFor();
  });

  it('is in the list of runs', async () => {
    await show(page, `${api.url}/runs?paused=true`);
    await page.getByRole('row', { name: /paused/ }).waitFor();
    expect(await page.getByRole('row').count()).toBe(2);
  });

  it('of what has ended is not offered, and says why', async () => {
    const ended = api.world.runs.find(({ state }) => state === 'succeeded')?.id;
    await show(page, `${api.url}/runs/${ended}`);
    expect(await page.getByRole('button', { name: 'Pause', exact: true }).getAttribute('aria-description')).toBe('The run has ended: it is succeeded.');
  });
});
