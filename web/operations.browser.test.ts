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

describe('operations', () => {
  it('shows queues, the board and workers, and leads to the runs behind a figure', async () => {
    await open('usual', '/operations');
    const queue = page.getByRole('row', { name: /incident-triage prod/ }).first();
    await queue.waitFor();
    await page.getByRole('row', { name: /classifier-training staging ≥ 10,000 12 min 34 s/ }).waitFor();
    await page.getByRole('img', { name: /^Throughput per minute: Steps claimed \d/ }).waitFor();
    await page.getByRole('img', { name: /^Latency: Wait, median \d+ ms/ }).waitFor();
    await page.getByRole('row', { name: /^working Copy worker id worker-1/ }).waitFor();
    await page.getByRole('row', { name: /^draining Copy worker id worker-2.*draining since/ }).waitFor();
    await page.getByRole('row', { name: /^silent Copy worker id worker-3/ }).waitFor();
    await queue.getByRole('link', { name: 'incident-triage' }).click();
    await page.waitForURL('**/runs?workflow=incident-triage&environment=prod');
    await page.getByRole('button', { name: 'More filters (2)' }).waitFor();
  });

  it('has the time span and the environment in the address', async () => {
    await open('usual', '/operations?environment=staging');
    await page.getByRole('row', { name: /classifier-training/ }).first().waitFor();
    expect(await page.getByRole('region', { name: 'Queues as a table' }).getByText('incident-triage').count()).toBe(0);
    await page.getByText('3 h', { exact: true }).click();
    await page.waitForURL('**/operations?environment=staging&minutes=180');
  });

  it('says so when nothing waits and nobody works, and when it cannot be read', async () => {
    await open('empty', '/operations');
    await page.getByText('No queue has anything in it').waitFor();
    await page.getByText('No worker has been heard of').waitFor();
    await page.context().close();
    await api.stop();
    await open('failing', '/operations');
    await page.getByText('Something went wrong on our side').first().waitFor();
  });
});

describe('a search of runs', () => {
  it('has everything in the address', async () => {
    await open('usual', '/runs');
    await page.getByRole('button', { name: 'More filters' }).click();
    await page.getByLabel('Error code').fill('attempts_exhausted');
    await page.waitForURL('**/runs?error_code=attempts_exhausted');
    await page.getByRole('row').nth(1).getByText('attempts_exhausted').waitFor();
    expect(await page.getByRole('row').count()).toBe(1 + api.world.runs.filter(({ error }) => error?.code === 'attempts_exhausted').length);
    await page.getByLabel('Began').selectOption('1440');
    await page.waitForURL('**/runs?error_code=attempts_exhausted&last_minutes=1440');
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.waitForURL('**/runs');
  });

  it('is kept under a name, opened again and forgotten', async () => {
    await open('usual', '/runs?state=failed');
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('menuitem', { name: 'Keep this search …' }).click();
    await page.getByRole('button', { name: 'Keep it' }).click();
    await page.getByText('Give it a name').waitFor();
    await page.getByLabel('Name').fill('All that failed');
    await page.getByLabel('Show it to everybody').check();
    await page.getByRole('button', { name: 'Keep it' }).click();
    await page.getByRole('button', { name: 'View: All that failed' }).waitFor();
    expect(api.world.savedViews.at(-1)).toMatchObject({ name: 'All that failed', filters: { state: ['failed'] }, shared: true });
    await page.getByRole('button', { name: 'View: All that failed' }).click();
    await page.getByRole('menuitem', { name: 'Waits for the desk of Service desk lead' }).click();
    await page.waitForURL('**/runs?environment=prod&attention=true');
    await page.getByRole('button', { name: 'View: Waits for the desk' }).click();
    await page.getByRole('menuitem', { name: 'Forget All that failed' }).click();
    await page.getByText('Forgotten: All that failed').waitFor();
    expect(api.world.savedViews.map(({ name }) => name)).not.toContain('All that failed');
  });

  it('cannot be kept before something is filtered, and says so', async () => {
    await open('usual', '/runs');
    await page.getByRole('button', { name: 'Views' }).click();
    expect(await page.getByRole('menuitem', { name: 'Keep this search: filter something first' }).isDisabled()).toBe(true);
  });
});

describe('dead letters', () => {
  it('are shown with their whole context', async () => {
    await open('usual', '/dead-letters');
    await page.getByRole('button', { name: /^Context of step update/ }).first().click();
    await page.getByRole('region', { name: 'Last attempts' }).getByText(/^5: /).waitFor();
    // Each part of the context comes by a request of its own.
    await page.getByRole('region', { name: 'What policy decided' }).getByText('Approved by one person').waitFor();
    await page.getByRole('region', { name: 'What was sent' }).getByText('servicenow/incident.update').first().waitFor();
  });

  it('are filtered in the address, and selected one by one', async () => {
    await open('many', '/dead-letters');
    const dead = api.world.runs.filter(({ steps }) => steps.some(({ state }) => state === 'dead')).length;
    await page.getByRole('row').nth(dead).waitFor();
    await page.getByText('failed: it was refused').click();
    await page.waitForURL('**/dead-letters?state=dead%2Cfailed');
    await page.getByLabel('Error code').fill('bundle_stale');
    await page.waitForURL('**/dead-letters?state=dead%2Cfailed&code=bundle_stale');
    await page.getByRole('row', { name: /bundle_stale/ }).first().waitFor();
    const boxes = page.getByRole('checkbox', { name: /^Select step/ });
    await boxes.nth(0).check();
    await boxes.nth(1).check();
    await page.getByText('Selected: 2 dead letters').waitFor();
    await page.getByRole('button', { name: 'Redrive' }).click();
    await page.getByRole('textbox', { name: 'Reason' }).fill('A fresh bundle was signed');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.waitForURL('**&job=*');
    await page.getByRole('region', { name: 'Job', exact: true }).getByText('2 of 2 tried again').waitFor();
    expect(api.world.jobs[0]).toMatchObject({ total: 2, reason: 'A fresh bundle was signed', selection: { ids: [expect.any(String), expect.any(String)] } });
  });

  it('are selected by the page and let go again', async () => {
    await open('many', '/dead-letters?state=dead,failed');
    const all = api.world.runs.flatMap(({ steps }) => steps).filter(({ state }) => state === 'dead' || state === 'failed');
    expect(all.length).toBeLessThan(50);
    await page.getByRole('checkbox', { name: 'Select this page' }).check();
    await page.getByText(`Selected: ${all.length} dead letters`).waitFor();
    await page.getByRole('button', { name: 'Select nothing' }).click();
    await page.getByText('Nothing is selected').waitFor();
    expect(await page.getByRole('button', { name: 'Redrive' }).getAttribute('aria-description')).toBe('Select what is to be tried again first.');
  });

  it('that are more than a page can be selected by the filter', async () => {
    await open('crowded', '/dead-letters');
    await page.getByRole('checkbox', { name: 'Select this page' }).check();
    await page.getByRole('button', { name: 'Select all that fit the filter' }).click();
    await page.getByText('Selected: all that fit the filter').waitFor();
    await page.getByRole('button', { name: 'Redrive' }).click();
    await page.getByRole('textbox', { name: 'Reason' }).fill('The instance answers again');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('progressbar', { name: /% of the job is done/ }).waitFor();
    await page.getByText(/^\d+ of 60 tried again$/).first().waitFor();
    expect(api.world.jobs[0]).toMatchObject({ total: 60, selection: { filter: { state: ['dead'] } } });
  });

  it('are not redriven by who may only look, who is told why', async () => {
    await open('viewer', '/dead-letters');
    await page.getByRole('checkbox', { name: 'Select this page' }).check();
    expect(await page.getByRole('button', { name: 'Redrive' }).getAttribute('aria-description')).toBe('Redriving takes the role operator or admin; your role is viewer.');
  });

  it('that are none say so', async () => {
    await open('empty', '/dead-letters');
    await page.getByText('No dead letters', { exact: true }).waitFor();
  });
});

describe('schedules', () => {
  it('show when next and when last, by the schedule\'s clock and by one\'s own', async () => {
    await open('usual', '/schedules');
    const tokyo = page.getByRole('row', { name: /^active incident-triage@3/ });
    await tokyo.waitFor();
    expect(await tokyo.getByText(/GMT\+9$/).count()).toBe(2);
    expect(await tokyo.getByText(/^for you .*(UTC|GMT)/).count()).toBe(2);
    await tokyo.getByText('2 times were left out').waitFor();
    await page.getByRole('row', { name: /Never: the workflow is not active in staging/ }).waitFor();
  });

  it('are paused and resumed with a reason', async () => {
    await open('usual', '/schedules');
    await page.getByRole('row', { name: /^active incident-triage@3 prod/ }).getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Pause it' }).click();
    await page.getByText('Write at least 3 letters').waitFor();
    await page.getByRole('textbox', { name: 'Reason' }).fill('Holidays');
    await page.getByRole('button', { name: 'Pause it' }).click();
    const paused = page.getByRole('row', { name: /^paused now by Cell owner: Holidays/ });
    await paused.waitFor();
    await paused.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('textbox', { name: 'Reason' }).fill('They are over');
    await page.getByRole('button', { name: 'Let it go on' }).click();
    await paused.waitFor({ state: 'hidden' });
  });

  it('are not paused by who may only look, who is told why; and none say so', async () => {
    await open('viewer', '/schedules');
    expect(await page.getByRole('button', { name: 'Pause' }).first().getAttribute('aria-description')).toBe('Pausing takes the role operator or admin; your role is viewer.');
    await page.context().close();
    await api.stop();
    await open('empty', '/schedules');
    await page.getByText('Nothing runs by the clock').waitFor();
  });
});

describe.each([['/operations', 'queues'], ['/dead-letters', 'dead letters'], ['/schedules', 'schedules']])('%s', (path, what) => {
  it('says who has no role in the workspace what to do about it', async () => {
    await open('no-role', path);
    await page.getByRole('alert').getByText('You have no role in this workspace. Ask one of its admins.').first().waitFor();
  });

  it('gives the request id when it cannot be read, and reads again when asked', async () => {
    await open('failing', path);
    await page.getByText('req_01kstandin0000000000000000').first().waitFor();
    api.world.scenario.failing = false;
    await page.getByRole('button', { name: 'Try again' }).first().click();
    await page.getByRole('table').first().waitFor();
  });

  it('says that it is loading', async () => {
    api = await startMockApi({ scenario: 'usual', signedIn: true });
    page = await openPage(browser);
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => { letGo = resolve; });
    await page.route(new RegExp(`/api/v1/(operations/)?${path.slice(1)}|/api/v1/operations/queues`), async (route) => {
      await held;
      await route.continue();
    });
    await page.goto(api.url + path);
    await page.getByRole('status', { name: `Loading ${what}` }).waitFor();
    letGo();
    await page.getByRole('table').first().waitFor();
  });
});

it.each([['e', 'Operations'], ['l', 'Dead letters'], ['s', 'Schedules']])('g %s leads to %s', async (key, title) => {
  await open('usual', '/runs');
  await page.keyboard.press('g');
  await page.keyboard.press(key);
  await page.getByRole('heading', { name: title, level: 1 }).waitFor();
});
