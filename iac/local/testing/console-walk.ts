import { readFile } from 'node:fs/promises';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { findChromium } from '../chromium/chromium.ts';
import { CellError } from '../cell/errors.ts';

/** Headless, and quiet: a fresh Chromium would otherwise look for updates. */
const ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'];

export async function openBrowser(): Promise<Browser> {
  const executablePath = await findChromium();
  if (executablePath === undefined) throw new CellError('process_did_not_start', 'Chromium is missing. npm test installs it from Debian\'s packages; elsewhere install it and put it on PATH.');
  return chromium.launch({ executablePath, args: ARGUMENTS });
}

export async function openPage(browser: Browser, scheme: 'light' | 'dark'): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: scheme, reducedMotion: 'reduce', acceptDownloads: true });
  return context.newPage();
}

/** What the walk brought home. */
export interface Walked {
  readonly ticket: string;
  readonly runId: string;
  readonly evidence: Buffer;
}

/** Told at each page that a person would look at. */
export type OnPage = (name: string, page: Page) => Promise<void>;

/**
 * The way of one ticket as a person goes it in the console: sign in by the link, raise a ticket, approve what is proposed, see the run
 * complete, download the evidence. Everything is found by role and label.
 */
export async function walkOneTicket(page: Page, signInUrl: string, onPage: OnPage = async () => undefined): Promise<Walked> {
  await page.goto(signInUrl);
  await page.getByRole('heading', { name: 'Runs', level: 1 }).waitFor();
  const ticket = await raise(page, onPage);
  await approve(page, ticket, onPage);

  await page.getByRole('navigation').getByRole('link', { name: 'Runs', exact: true }).click();
  await page.getByRole('row', { name: new RegExp(ticket) }).getByText('succeeded').waitFor();
  await onPage('runs', page);
  await page.getByRole('link', { name: ticket }).click();
  await page.getByRole('heading', { name: ticket, level: 1 }).waitFor();
  const runId = new URL(page.url()).pathname.split('/').at(-1)!;
  const link = page.getByRole('link', { name: 'Evidence', exact: true });
  await link.waitFor(); // a button that says why until the bundle is there
  await onPage('run', page);
  const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
  return { ticket, runId, evidence: await readFile(await download.path()) };
}

async function raise(page: Page, onPage: OnPage): Promise<string> {
  await page.getByRole('navigation').getByRole('link', { name: 'Tickets', exact: true }).click();
  await page.getByText('Sandbox: not ServiceNow').waitFor();
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.url().endsWith('/sandbox/tickets') && response.request().method() === 'POST'),
    page.getByRole('button', { name: 'Raise a ticket' }).click(),
  ]);
  const { tickets } = await answer.json() as { tickets: Array<{ number: string }> };
  const { number } = tickets[0]!;
  await page.getByRole('row', { name: new RegExp(number) }).waitFor();
  await onPage('tickets', page);
  return number;
}

async function approve(page: Page, ticket: string, onPage: OnPage): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name: /Approvals/ }).click();
  await page.getByRole('article', { name: new RegExp(ticket) }).waitFor({ timeout: 90_000 });
  await onPage('approval', page);
  await page.getByRole('article', { name: new RegExp(ticket) }).getByRole('button', { name: 'Approve', exact: true }).click();
  await page.getByText(new RegExp(`^Approved: .*${ticket}`)).waitFor();
}
