import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { apiOf } from './testing/api-of.ts';
import { CellUnderTest, run } from './testing/cell-under-test.ts';
import { openBrowser, openPage, walkOneTicket } from './testing/console-walk.ts';

let cell: CellUnderTest;
let browser: Browser;

beforeAll(async () => {
  [cell, browser] = await Promise.all([CellUnderTest.start(), openBrowser()]);
}, 120_000);
afterAll(async () => {
  await browser.close();
  await cell.dispose();
}, 60_000);

it('takes a person from the sign-in link to verified evidence, with nothing refused by the page\'s own policy', async () => {
  const page = await openPage(browser, 'light');
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => { if (message.type() === 'error') complaints.push(message.text()); });
  const { runId, evidence } = await walkOneTicket(page, cell.signInUrl);
  expect(complaints.filter((text) => !text.includes('401'))).toEqual([]);

  const file = path.join(cell.dataDir, 'walked.zip');
  const keys = path.join(cell.dataDir, 'keys.json');
  await writeFile(file, evidence);
  await writeFile(keys, JSON.stringify(await (await apiOf(cell)).api.keys()));
  const verified = await run('cli/main.ts', ['evidence', 'verify', file, '--keys', keys, '--json']);
  expect(JSON.parse(verified.stdout)).toMatchObject({ verified: true, run_id: runId });
}, 180_000);

it('lets a sign-in link be used once', async () => {
  const page = await openPage(browser, 'dark');
  await page.goto(cell.signInUrl);
  await page.getByText('The sign-in link is not valid').waitFor();
});
