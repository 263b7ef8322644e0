import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { openPage, show, startBrowser } from './testing/browser.ts';
import { buildConsole } from './testing/build.ts';
import { startMockApi, type MockApi } from './testing/http/mock-api.ts';
import { SLACK_NONCE } from './testing/http/routes.ts';

let browser: Browser;
let api: MockApi;
let page: Page;

beforeAll(async () => {
  await buildConsole();
  browser = await startBrowser();
}, 120_000);
afterAll(() => browser.close());
beforeEach(async () => {
  api = await startMockApi({ scenario: 'usual', signedIn: true });
  page = await openPage(browser);
});
afterEach(async () => {
  await page.context().close();
  await api.stop();
  expect(api.violations).toEqual([]);
});

it('says whose Slack user it is, and links only by the button', async () => {
  const posted: string[] = [];
  page.on('request', (request) => { if (request.method() === 'POST') posted.push(new URL(request.url()).pathname); });
  await show(page, `${api.url}/slack/link#nonce=${SLACK_NONCE}`);
  await page.getByText('alex (U1)').waitFor();
  await page.getByText('Acme (T1)').waitFor();
  expect([new URL(page.url()).hash, posted.filter((path) => path.endsWith('/links'))]).toEqual(['', []]);
  await page.getByRole('button', { name: 'This is me: link it' }).click();
  await page.getByRole('heading', { name: 'Linked' }).waitFor();
  expect(posted.filter((path) => path.endsWith('/links'))).toHaveLength(1);
});

it('says what is wrong with an old link, and what to do without one', async () => {
  await show(page, `${api.url}/slack/link#nonce=${'O'.repeat(43)}`);
  await page.getByText('The link is unknown, used, or older than 10 minutes.').waitFor();
  await show(page, `${api.url}/slack/link`);
  await page.reload();
  await page.getByText('/countersign link').waitFor();
});
